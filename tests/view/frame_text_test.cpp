// A line of `ibkr show` goes to a terminal: a text from the wire that reaches it unescaped could rewrite the screen.
#include "view/frame_text.h"

#include <doctest/doctest.h>

#include "protocol/frame.h"

using namespace ibkr;
using protocol::Direction;

namespace {

/// C0, DEL, C1 and the controls of writing direction, as UTF-8.
const std::string kHostile[] = {"\x1b[2J",      "\r",       "\n",          "\t",           "\x07",
                                "\x7f",         "\xC2\x9B", "\xC2\x85",    "\xE2\x80\xAE", "\xE2\x81\xA6",
                                "\xE2\x80\x8F", "\xD8\x9C", "\xE2\x80\xA8"};

bool safe(std::string_view shown) {
  for (const std::string& text : kHostile) {
    if (shown.find(text.substr(0, text[0] == '\x1b' ? 1 : text.size())) != shown.npos) return false;
  }
  return true;
}

std::string text(std::initializer_list<std::string_view> fields) {
  std::string payload;
  for (const std::string_view field : fields) payload.append(field).append(1, '\0');
  return payload;
}

journal::Frame frame(std::string_view payload, journal::FrameKind kind = journal::FrameKind::Message) {
  journal::Frame made;
  made.direction = Direction::In;
  made.kind = kind;
  made.name = "ErrorMessage";
  made.payload = payload;
  return made;
}

}  // namespace

TEST_CASE("no text of the wire reaches a line or an object unescaped") {
  for (const std::string& hostile : kHostile) {
    for (const std::string& payload : {text({"4", "2", "7", "201", "no" + hostile + "body"}),  // in a field
                                       text({"4", "2", hostile, "201", "nobody"}),  // where a number should be
                                       text({hostile, "2"})}) {                     // instead of an id
      journal::Frame shown = frame(payload);
      const std::string name = "ErrorMessage" + hostile;  // a journal may be hostile, too
      shown.name = name;
      const view::FrameContent content = view::read_frame(shown, 178);
      CAPTURE(view::frame_line(content, {}));
      CHECK(safe(view::frame_line(content, {})));
      CHECK(safe(view::frame_json(content, 1)));
    }
    const std::string answer = text({"178", "noon" + hostile});
    const journal::Frame greeting = frame(answer, journal::FrameKind::HelloAnswer);
    CHECK(safe(view::frame_line(view::read_frame(greeting, 0), {})));
    journal::Event event;
    event.kind = event.text = "note" + hostile;
    CHECK(safe(view::event_line(event, {})));
    CHECK(safe(view::event_json(event)));
  }
}

TEST_CASE("a redirect is shown as one") {
  const std::string payload = text({"-1", "gw.example:4001"});
  const journal::Frame shown = frame(payload, journal::FrameKind::HelloAnswer);
  CHECK(view::frame_line(view::read_frame(shown, 0), {}).ends_with(R"(redirect="gw.example:4001")"));
}

TEST_CASE("values are quoted where they would be ambiguous, and plain where not") {
  const std::string payload = text({"4", "2", "7", "201", "a \"b\" c"});
  const journal::Frame shown = frame(payload);
  const std::string line = view::frame_line(view::read_frame(shown, 165), {});
  CHECK(line.ends_with(R"(id=7 error_code=201 error_msg="a \"b\" c")"));
  const std::string accented = text({"4", "2", "7", "201", "caf\xC3\xA9"});
  const journal::Frame plain = frame(accented);
  CHECK(view::frame_line(view::read_frame(plain, 165), {}).ends_with("error_msg=caf\xC3\xA9"));
}
