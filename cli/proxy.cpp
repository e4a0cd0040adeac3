// ibkr proxy: forwards between apps and TWS, and journals every frame.
#include "proxy/proxy.h"

#include <spdlog/spdlog.h>

#include <chrono>
#include <cstdlib>
#include <memory>

#include "cli/command.h"
#include "cli/serve.h"
#include "journal/writer.h"
#include "net/loop.h"

namespace ibkr::cli {
namespace {

struct ProxyArguments {
  std::string listen = "127.0.0.1:7500";
  std::string upstream;
  std::string journal = "ibkr.db";
  bool no_json = false;
  std::string on_journal_failure = "forward";
  std::size_t queue_limit_bytes = proxy::ProxyOptions{}.queue_limit_bytes;
  std::size_t journal_queue_bytes = journal::WriterOptions{}.queue_bytes;
  std::int64_t commit_interval_ms = journal::WriterOptions{}.commit_interval.count();
  std::int64_t dial_timeout_ms = proxy::ProxyOptions{}.dial_timeout.count();
  std::int64_t drain_timeout_ms = proxy::ProxyOptions{}.drain_timeout.count();
};

std::string environment_or(const char* name, const char* otherwise) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0' ? value : otherwise;
}

net::Address upstream_of(const ProxyArguments& arguments) {
  if (!arguments.upstream.empty()) return address_of("--upstream", arguments.upstream);
  return address_of("IBKR_HOST:IBKR_PORT",
                    environment_or("IBKR_HOST", "127.0.0.1") + ":" + environment_or("IBKR_PORT", "7496"));
}

proxy::ProxyOptions proxy_options(const ProxyArguments& arguments) {
  proxy::ProxyOptions options;
  options.listen = address_of("--listen", arguments.listen);
  options.upstream = upstream_of(arguments);
  options.queue_limit_bytes = arguments.queue_limit_bytes;
  options.dial_timeout = std::chrono::milliseconds(arguments.dial_timeout_ms);
  options.drain_timeout = std::chrono::milliseconds(arguments.drain_timeout_ms);
  options.on_journal_failure =
      arguments.on_journal_failure == "refuse" ? proxy::OnJournalFailure::Refuse : proxy::OnJournalFailure::Forward;
  return options;
}

std::unique_ptr<journal::Writer> open_journal(const ProxyArguments& arguments) {
  journal::WriterOptions options;
  options.json = !arguments.no_json;
  options.queue_bytes = arguments.journal_queue_bytes;
  options.commit_interval = std::chrono::milliseconds(arguments.commit_interval_ms);
  options.on_trouble = [](const std::string& text) { spdlog::error("journal: {}", text); };
  auto writer = journal::Writer::open(arguments.journal, std::move(options));
  if (!writer) throw std::runtime_error(writer.error());
  return std::move(*writer);
}

ExitStatus run_proxy(const ProxyArguments& arguments) {
  const proxy::ProxyOptions options = proxy_options(arguments);
  const auto writer = open_journal(arguments);
  {
    net::Loop loop;
    proxy::Proxy server(loop, options, *writer);
    if (auto listening = server.listen(); !listening) throw std::runtime_error(listening.error());
    spdlog::info("recording {} <-> {} into {}", server.local_address().to_string(), options.upstream.to_string(),
                 arguments.journal);
    on_stop_signal(loop, [&] { server.stop([&loop] { loop.stop(); }); });
    announce(server.local_address());
    loop.run();
  }
  if (auto closed = writer->close(); !closed) {
    spdlog::error("journal: {}", closed.error());
    return ExitStatus::FoundWrong;
  }
  return ExitStatus::Ok;
}

}  // namespace

Command add_proxy(CLI::App& program) {
  CLI::App* parser = program.add_subcommand("proxy", "Forward between apps and TWS, and journal every frame");
  auto arguments = std::make_shared<ProxyArguments>();
  ProxyArguments& to = *arguments;
  const auto bytes = CLI::Range(std::size_t{1}, std::size_t{1} << 40).description("");
  const auto milliseconds = CLI::Range(1, 3'600'000).description("");
  parser->add_option("--listen", to.listen, "Where apps connect; port 0 takes a free one")
      ->type_name("HOST:PORT")
      ->capture_default_str();
  parser->add_option("--upstream", to.upstream, "TWS or Gateway")
      ->type_name("HOST:PORT")
      ->default_str("IBKR_HOST:IBKR_PORT, or 127.0.0.1:7496");
  parser->add_option("--journal", to.journal, "The SQLite file to record into; new sessions are appended")
      ->type_name("FILE")
      ->capture_default_str();
  parser->add_flag("--no-json", to.no_json, "Do not store decoded fields beside the bytes: smaller, faster");
  parser
      ->add_option("--on-journal-failure", to.on_journal_failure,
                   "When the disk fails or is too slow: forward goes on unrecorded\n(the journal notes the gap), "
                   "refuse ends the sessions")
      ->type_name("forward|refuse")
      ->capture_default_str()
      ->check(CLI::IsMember({"forward", "refuse"}).description(""));
  parser
      ->add_option("--queue-limit", to.queue_limit_bytes,
                   "Bytes that may wait for a slow side before the other is held back")
      ->type_name("BYTES")
      ->capture_default_str()
      ->transform(CLI::AsSizeValue(false).description(""))
      ->check(bytes);
  parser
      ->add_option("--journal-queue", to.journal_queue_bytes,
                   "Bytes that may wait for the journal before frames go unrecorded")
      ->type_name("BYTES")
      ->capture_default_str()
      ->transform(CLI::AsSizeValue(false).description(""))
      ->check(bytes);
  parser->add_option("--commit-interval", to.commit_interval_ms, "How often the journal commits")
      ->type_name("MS")
      ->capture_default_str()
      ->check(CLI::Range(1, 10'000).description(""));
  parser->add_option("--dial-timeout", to.dial_timeout_ms, "How long TWS may take to accept a connection")
      ->type_name("MS")
      ->capture_default_str()
      ->check(milliseconds);
  parser
      ->add_option("--drain-timeout", to.drain_timeout_ms, "How long sessions may take to end after SIGINT or SIGTERM")
      ->type_name("MS")
      ->capture_default_str()
      ->check(milliseconds);
  parser->footer(
      "Point the app at --listen instead of at TWS; nothing else changes. Prints `listening on HOST:PORT` when ready.\n"
      "Ctrl-C or SIGTERM ends it cleanly. Look at the journal with `ibkr sessions` and `ibkr show`, also while it "
      "runs.\n\n"
      "  ibkr proxy --upstream 127.0.0.1:4002 --journal sessions.db");
  return {parser, [arguments] { return run_proxy(*arguments); }};
}

}  // namespace ibkr::cli
