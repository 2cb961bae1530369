#include "troupe/struct_term.hpp"
#include "tests/worker/term/short_terms.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <limits>

namespace troupe {
namespace {

struct Read {};
struct AddItem {
  std::string name;
  std::int32_t count = 0;
};
struct HTTPGet2 {
  std::uint8_t code = 0;
};
namespace inner {
struct Nested {
  AddItem item;
  std::vector<std::uint64_t> numbers;
  std::optional<double> ratio;
  std::map<std::string, bool> flags;
  std::variant<Read, AddItem, std::int64_t> choice;
  Term anything;
  Pid pid;
  Reference reference;
  std::pair<int, std::string> pair;
  std::array<std::int16_t, 2> two{};
};
}  // namespace inner
struct Args {
  std::int64_t initial = 7;
  std::string label = "none";
  std::optional<AddItem> item;
  double ratio = 0.5;
  std::vector<int> steps = {1, 2};
};

TEST(StructTerm, an_empty_struct_is_its_bare_atom) {
  EXPECT_EQ(to_term(Read{}), atom("read"));
  EXPECT_TRUE(from_term<Read>(atom("read")).ok());
  EXPECT_FALSE(from_term<Read>(atom("reed")).ok());
  EXPECT_FALSE(from_term<Read>(Term::tuple({atom("read")})).ok());
}

TEST(StructTerm, a_struct_with_fields_is_a_tagged_tuple) {
  const Term term = to_term(AddItem{"tea", 3});
  EXPECT_EQ(term.text(), "{add_item,<<\"tea\">>,3}");
  const auto back = from_term<AddItem>(term);
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->name, "tea");
  EXPECT_EQ(back->count, 3);
}

TEST(StructTerm, tags_are_the_unqualified_name_in_snake_case) {
  EXPECT_EQ(tag_name<AddItem>(), "add_item");
  EXPECT_EQ(tag_name<HTTPGet2>(), "http_get2");
  EXPECT_EQ(tag_name<inner::Nested>(), "nested");
  struct InAFunction {};
  EXPECT_EQ(tag_name<InAFunction>(), "in_a_function");
}

TEST(StructTerm, reads_a_char_list_where_a_string_is_wanted) {
  const auto item = from_term<AddItem>(Term::tuple({atom("add_item"), Term::string("tea"), Term::integer(1)}));
  ASSERT_TRUE(item.ok());
  EXPECT_EQ(item->name, "tea");
}

TEST(StructTerm, every_kind_of_field_survives_the_round_trip) {
  inner::Nested sent;
  sent.item = {"x", -1};
  sent.numbers = {0, 1, std::numeric_limits<std::uint64_t>::max(), std::uint64_t{1} << 63};
  sent.ratio = 0.25;
  sent.flags = {{"a", true}, {"b", false}};
  sent.choice = AddItem{"y", 2};
  sent.anything = Term::tuple({atom("ok")});
  sent.pid = Pid{0, 0, 5, 6};
  sent.reference = Reference{0, 0, 3, {1, 2, 3}};
  sent.pair = {4, "four"};
  sent.two = {-7, 8};
  const auto got = from_term<inner::Nested>(to_term(sent));
  ASSERT_TRUE(got.ok()) << got.error().message;
  EXPECT_EQ(got->numbers, sent.numbers);
  EXPECT_EQ(got->ratio, sent.ratio);
  EXPECT_EQ(got->flags, sent.flags);
  EXPECT_EQ(std::get<AddItem>(got->choice).name, "y");
  EXPECT_EQ(got->anything, sent.anything);
  EXPECT_EQ(got->pid, sent.pid);
  EXPECT_EQ(got->reference, sent.reference);
  EXPECT_EQ(got->pair, sent.pair);
  EXPECT_EQ(got->two, sent.two);
}

TEST(StructTerm, a_variant_finds_its_alternative_by_tag_and_plain_values_by_type) {
  using Choice = std::variant<Read, AddItem, std::int64_t>;
  EXPECT_EQ(from_term<Choice>(atom("read"))->index(), 0U);
  EXPECT_EQ(from_term<Choice>(to_term(AddItem{}))->index(), 1U);
  EXPECT_EQ(from_term<Choice>(Term::integer(3))->index(), 2U);
  EXPECT_FALSE(from_term<Choice>(atom("write")).ok());
}

TEST(StructTerm, integers_out_of_range_are_refused_with_the_range) {
  const auto low = from_term<HTTPGet2>(Term::tuple({atom("http_get2"), Term::integer(-1)}));
  ASSERT_FALSE(low.ok());
  EXPECT_EQ(low.error().message, "http_get2.code: expected an integer from 0 to 255, got -1");
  EXPECT_FALSE(from_term<std::int64_t>(to_term(std::numeric_limits<std::uint64_t>::max())).ok());
  EXPECT_FALSE(from_term<std::uint64_t>(Term::integer(-1)).ok());
  EXPECT_FALSE(from_term<std::uint64_t>(Term::big_integer(false, {0, 0, 0, 0, 0, 0, 0, 0, 1})).ok());
}

TEST(StructTerm, an_absent_optional_is_undefined_and_nil_is_read_too) {
  EXPECT_EQ(to_term(std::optional<int>()), atom("undefined"));
  EXPECT_FALSE(from_term<std::optional<int>>(atom("nil")).value().has_value());
  EXPECT_EQ(from_term<std::optional<int>>(Term::integer(4)).value(), 4);
}

TEST(StructTerm, floats_that_erlang_lacks_become_atoms_and_come_back) {
  EXPECT_EQ(to_term(std::numeric_limits<double>::infinity()), atom("infinity"));
  EXPECT_EQ(from_term<double>(atom("-infinity")).value(), -std::numeric_limits<double>::infinity());
  EXPECT_EQ(from_term<double>(Term::integer(2)).value(), 2.0);
}

TEST(NamedFields, missing_keys_keep_the_default_member_initialisers) {
  const auto args = from_named_fields<Args>(Term::map({{Term::binary("initial"), Term::integer(3)}}));
  ASSERT_TRUE(args.ok()) << args.error().message;
  EXPECT_EQ(args->initial, 3);
  EXPECT_EQ(args->label, "none");
  EXPECT_EQ(args->steps, (std::vector<int>{1, 2}));
}

TEST(NamedFields, keys_may_be_atoms_and_nested_structs_maps) {
  const auto args = from_named_fields<Args>(Term::map(
      {{atom("label"), Term::binary("x")},
       {atom("item"), Term::map({{atom("name"), Term::binary("tea")}, {Term::binary("count"), Term::integer(2)}})}}));
  ASSERT_TRUE(args.ok()) << args.error().message;
  EXPECT_EQ(args->label, "x");
  EXPECT_EQ(args->item->name, "tea");
  EXPECT_EQ(args->item->count, 2);
}

TEST(NamedFields, an_unknown_key_is_an_error_that_lists_the_fields) {
  const auto args = from_named_fields<Args>(Term::map({{Term::binary("inital"), Term::integer(3)}}));
  ASSERT_FALSE(args.ok());
  EXPECT_EQ(args.error().message, "inital: no such field, it has initial, label, item, ratio, steps");
}

struct Change {
  Local<std::function<int(int)>> how;
};

TEST(StructTerm, a_local_value_stays_in_its_image) {
  const Change change{Local<std::function<int(int)>>([](int x) { return x + 1; })};
  EXPECT_EQ((*change.how)(1), 2);
  EXPECT_EQ(to_term(change).text(), "{change,local}");
  const auto read = from_term<Change>(to_term(change));
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().message, "change.how: expected a value of this image, which no term can carry, got local");
  EXPECT_FALSE(Change{}.how);
}

enum class Light : std::uint8_t { red, green = 5 };
struct Lamp {
  Light light = Light::red;
};

TEST(StructTerm, an_enum_class_is_the_name_of_its_enumerator) {
  EXPECT_EQ(to_term(Lamp{Light::green}).text(), "{lamp,green}");
  EXPECT_EQ(from_term<Lamp>(to_term(Lamp{Light::green}))->light, Light::green);
  EXPECT_EQ(to_term(static_cast<Light>(3)).text(), "3") << "a value without a name";
  EXPECT_EQ(to_term(static_cast<Light>(200)).text(), "200");
  const auto wrong = from_term<Lamp>(Term::tuple({atom("lamp"), atom("blue")}));
  ASSERT_FALSE(wrong.ok());
  EXPECT_EQ(wrong.error().message, "lamp.light: expected one of red, green, got blue");
}

TEST(NamedFields, a_wrong_type_is_an_error_that_names_the_field_and_what_it_wants) {
  const auto text = from_named_fields<Args>(Term::map({{Term::binary("initial"), Term::binary("x")}}));
  ASSERT_FALSE(text.ok());
  EXPECT_EQ(text.error().message,
            "initial: expected an integer from -9223372036854775808 to 9223372036854775807, got <<\"x\">>");
  const auto element =
      from_named_fields<Args>(Term::map({{Term::binary("steps"), Term::list({Term::integer(1), atom("two")})}}));
  ASSERT_FALSE(element.ok());
  EXPECT_EQ(element.error().message, "steps[1]: expected an integer from -2147483648 to 2147483647, got two");
  const auto nested =
      from_named_fields<Args>(Term::map({{atom("item"), Term::map({{atom("count"), Term::floating(1.5)}})}}));
  ASSERT_FALSE(nested.ok());
  EXPECT_EQ(nested.error().message, "item.count: expected an integer from -2147483648 to 2147483647, got 1.5");
  EXPECT_FALSE(from_named_fields<Args>(Term::list({})).ok());
}

}  // namespace
}  // namespace troupe
