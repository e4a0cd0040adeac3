#include "protocol/compare.h"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>

#include "protocol/fields.h"
#include "protocol/kind.h"
#include "protocol/numbers.h"
#include "protocol/storage.h"

namespace ibkr::protocol {
namespace {

bool is_default(std::int32_t value) { return value == 0; }
bool is_default(std::int64_t value) { return value == 0; }
bool is_default(double value) { return value == 0; }
bool is_default(bool value) { return !value; }
bool is_default(const Decimal& value) { return value.is_zero(); }
bool is_default(const std::string& value) { return value.empty(); }

void append(std::string& out, std::int32_t value) { append_int64(out, value); }
void append(std::string& out, double value) { append_double(out, value); }
void append(std::string& out, const std::string& value) { out += value; }

template <class T>
std::string joined(const std::vector<T>& list) {
  std::string text;
  for (const T& element : list) {
    if (!text.empty()) text += ',';
    append(text, element);
  }
  return text;
}

/// Bytes that nobody can read, and how many there are of them.
std::string shown(std::string_view bytes) {
  constexpr std::size_t kShown = 64;
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string text;
  for (const char c : bytes.substr(0, kShown)) {
    text += kHex[static_cast<unsigned char>(c) >> 4];
    text += kHex[static_cast<unsigned char>(c) & 0xF];
  }
  if (bytes.size() > kShown) text += "… (" + std::to_string(bytes.size()) + " bytes)";
  return text;
}

/// Goes through two messages of one type side by side.
class Comparer {
 public:
  explicit Comparer(const Comparison& what) : what_(what) {}

  std::vector<Difference> take() { return std::move(differences_); }

  /// Either object may be null: its fields count as unset.
  void objects(const StructInfo& info, const void* left, const void* right) {
    const std::size_t length = path_.size();
    for (const FieldInfo& field : info.fields) {
      if (full()) return;
      if (!takes_part(field, left) && !takes_part(field, right)) continue;
      (path_ += length == 0 ? "" : ".") += field.name;
      fields(field, left, right);
      path_.resize(length);
    }
    if (what_.unknown) unknown(info, left, right);
  }

  /// What texts say in places that no field has.
  void content(const std::vector<Verbatim>& left, const std::vector<Verbatim>& right) {
    std::map<std::uint32_t, std::array<std::string_view, 2>> places;
    for (const Verbatim& kept : left)
      if (kept.kept == Kept::Content) places[kept.index][0] = kept.text;
    for (const Verbatim& kept : right)
      if (kept.kept == Kept::Content) places[kept.index][1] = kept.text;
    for (const auto& [index, texts] : places) {
      if (texts[0] != texts[1])
        add("verbatim[" + std::to_string(index) + "]", std::string(texts[0]), std::string(texts[1]), nullptr);
    }
  }

  void trailing(const std::vector<std::string>& left, const std::vector<std::string>& right) {
    static const std::string missing;
    for (std::size_t i = 0; i < std::max(left.size(), right.size()) && !full(); ++i) {
      const std::string& a = i < left.size() ? left[i] : missing;
      const std::string& b = i < right.size() ? right[i] : missing;
      const bool told_apart = !what_.unset_is_default && (i < left.size()) != (i < right.size());
      if (a != b || told_apart) add("trailing[" + std::to_string(i) + "]", a, b, nullptr);
    }
  }

 private:
  bool full() const { return differences_.size() >= what_.limit; }

  bool takes_part(const FieldInfo& field, const void* object) const {
    return object != nullptr && (what_.takes_part == nullptr || what_.takes_part(field, object));
  }

  void add(std::string path, std::string left, std::string right, const FieldInfo* field) {
    if (!full()) differences_.push_back({std::move(path), std::move(left), std::move(right), field});
  }

  void fields(const FieldInfo& field, const void* left, const void* right) {
    visit_kind(field.kind, [&]<class T>(std::type_identity<T>) {
      if constexpr (kIsScalar<T>) {
        scalars<T>(field, left, right);
      } else if constexpr (std::is_same_v<T, AnyStruct>) {
        const void* a = part(field, left);
        const void* b = part(field, right);
        if (a || b) objects(*field.type, a, b);
      } else if constexpr (std::is_same_v<T, AnyStructList>) {
        structs(field, place(field, left), place(field, right));
      } else {
        lists<typename T::value_type>(field, place(field, left), place(field, right));
      }
    });
  }

  static const void* place(const FieldInfo& field, const void* object) {
    return object ? static_cast<const char*>(object) + field.offset : nullptr;
  }

  template <class T>
  void scalars(const FieldInfo& field, const void* left, const void* right) {
    const T* a = value_of<T>(field, left);
    const T* b = value_of<T>(field, right);
    if (a == nullptr && b == nullptr) return;
    if (a != nullptr && b != nullptr && same_value(*a, *b)) return;
    if (what_.unset_is_default && (a == nullptr || b == nullptr) && is_default(a ? *a : *b)) return;
    add(path_, text(field, left), text(field, right), &field);
  }

  static std::string text(const FieldInfo& field, const void* object) {
    return object ? scalar_text(field, object) : std::string();
  }

  void structs(const FieldInfo& field, const void* left, const void* right) {
    const StructOps& ops = *field.type->ops;
    const std::size_t a = left ? ops.size(left) : 0, b = right ? ops.size(right) : 0;
    if (a != b) add(path_ + ".size", std::to_string(a), std::to_string(b), &field);
    const std::size_t length = path_.size();
    for (std::size_t i = 0; i < std::min(a, b) && !full(); ++i) {
      path_ += "[" + std::to_string(i) + "]";
      objects(*field.type, ops.at(left, i), ops.at(right, i));
      path_.resize(length);
    }
  }

  template <class T>
  void lists(const FieldInfo& field, const void* left, const void* right) {
    static const std::vector<T> none;
    const auto& a = left ? *static_cast<const std::vector<T>*>(left) : none;
    const auto& b = right ? *static_cast<const std::vector<T>*>(right) : none;
    if (std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const T& x, const T& y) { return same_value(x, y); }))
      return;
    add(path_, joined(a), joined(b), &field);
  }

  void unknown(const StructInfo& info, const void* left, const void* right) {
    const std::string_view a = left ? std::string_view(unknown_fields(info, left)) : std::string_view();
    const std::string_view b = right ? std::string_view(unknown_fields(info, right)) : std::string_view();
    if (a != b) add(path_ + (path_.empty() ? "" : ".") + "unknown_fields", shown(a), shown(b), nullptr);
  }

  const Comparison& what_;
  std::vector<Difference> differences_;
  std::string path_;
};

}  // namespace

std::vector<Difference> compare(const Message& left, const Message& right, const Comparison& what) {
  if (&left.type() != &right.type()) {
    return {{"name", std::string(left.name()), std::string(right.name()), nullptr}};
  }
  Comparer comparer(what);
  comparer.objects(*left.type().body, left.body(), right.body());
  if (what.unknown) {
    comparer.content(left.residue.verbatim, right.residue.verbatim);
    comparer.trailing(left.residue.trailing, right.residue.trailing);
  }
  return comparer.take();
}

}  // namespace ibkr::protocol
