#include <twinlane/agents/detail/expression_functions.hpp>

namespace twinlane::detail::expr {
namespace {

constexpr kinds sized = a_text | a_list | an_object;
constexpr std::uint8_t many = arguments_max;

// name, as shown, takes, least, most, listed, gives, takes null, run
constexpr function all_functions[] = {
    {"lower", "lower(text)", {a_text}, 1, 1, 1, a_text, false, lower},
    {"upper", "upper(text)", {a_text}, 1, 1, 1, a_text, false, upper},
    {"trim", "trim(text)", {a_text}, 1, 1, 1, a_text, false, trim},
    {"length", "length(x)", {sized}, 1, 1, 1, a_number, false, length},
    {"contains", "contains(x, part)", {a_text | a_list, any_kind}, 2, 2, 2, a_boolean, false, contains},
    {"starts_with", "starts_with(text, start)", {a_text, a_text}, 2, 2, 2, a_boolean, false, starts_with},
    {"ends_with", "ends_with(text, end)", {a_text, a_text}, 2, 2, 2, a_boolean, false, ends_with},
    {"substring", "substring(text, from, [count])", {a_text, a_number, a_number}, 2, 3, 3, a_text, false, substring},
    {"replace", "replace(text, what, by)", {a_text, a_text, a_text}, 3, 3, 3, a_text, false, replace},
    {"split", "split(text, separator)", {a_text, a_text}, 2, 2, 2, a_list, false, split},
    {"concat", "concat(a, b, …)", {any_kind}, 1, many, 1, a_text, true, concat},
    {"to_text", "to_text(x)", {any_kind}, 1, 1, 1, a_text, false, to_text},
    {"to_number", "to_number(x)", {a_text | a_number}, 1, 1, 1, a_number, false, to_number},
    {"abs", "abs(x)", {a_number}, 1, 1, 1, a_number, false, absolute},
    {"round", "round(x, [digits])", {a_number, a_number}, 1, 2, 2, a_number, false, round},
    {"floor", "floor(x)", {a_number}, 1, 1, 1, a_number, false, floor},
    {"ceil", "ceil(x)", {a_number}, 1, 1, 1, a_number, false, ceil},
    {"min", "min(a, b, …)", {a_number}, 2, many, 1, a_number, true, least},
    {"max", "max(a, b, …)", {a_number}, 2, many, 1, a_number, true, greatest},
    {"coalesce", "coalesce(a, b, …)", {any_kind}, 1, many, 1, 0, true, coalesce},
    {"within",
     "within(place, lat, lon, metres)",
     {an_object, a_number, a_number, a_number},
     4,
     4,
     4,
     a_boolean,
     false,
     within},
    {"uri", "uri()", {any_kind}, 0, 0, 1, a_text, false, own_uri},
    {"now", "now()", {any_kind}, 0, 0, 1, a_number, false, now},
    {"event_time", "event_time()", {any_kind}, 0, 0, 1, a_number, false, event_time},
    {"parse_time", "parse_time(text)", {a_text}, 1, 1, 1, a_number, false, parse_time_text},
    {"format_time", "format_time(t)", {a_number}, 1, 1, 1, a_text, false, format_time},
    {"year", "year(t)", {a_number}, 1, 1, 1, a_number, false, year},
    {"month", "month(t)", {a_number}, 1, 1, 1, a_number, false, month},
    {"day", "day(t)", {a_number}, 1, 1, 1, a_number, false, day},
    {"hour", "hour(t)", {a_number}, 1, 1, 1, a_number, false, hour},
    {"minute", "minute(t)", {a_number}, 1, 1, 1, a_number, false, minute},
    {"second", "second(t)", {a_number}, 1, 1, 1, a_number, false, second},
    {"day_of_week", "day_of_week(t)", {a_number}, 1, 1, 1, a_number, false, day_of_week},
    {"truncate_time", "truncate_time(t, step)", {a_number, a_number}, 2, 2, 2, a_number, false, truncate_time},
};

constexpr reducer_name all_reducers[] = {
    {"count", "count(lane, [condition])", reducer::count, true, true, a_boolean, a_number},
    {"sum", "sum(lane, x)", reducer::sum, true, true, a_number, a_number},
    {"mean", "mean(lane, x)", reducer::mean, true, true, a_number, a_number},
    {"min", "min(lane, x)", reducer::min, true, true, a_number, a_number},
    {"max", "max(lane, x)", reducer::max, true, true, a_number, a_number},
    {"median", "median(lane, x)", reducer::median, true, true, a_number, a_number},
    {"any", "any(lane, condition)", reducer::any, false, true, a_boolean, a_boolean},
    {"all", "all(lane, condition)", reducer::all, false, true, a_boolean, a_boolean},
    {"latest", "latest(lane)", reducer::latest, true, false, any_kind, any_kind},
    {"distinct", "distinct(lane, x)", reducer::distinct, true, true, any_kind, a_number},
    {"collect", "collect(lane, x)", reducer::collect, true, true, any_kind, a_list},
};

}  // namespace

std::span<const function> functions() { return all_functions; }

std::span<const reducer_name> reducers() { return all_reducers; }

}  // namespace twinlane::detail::expr
