#pragma once

#include <chrono>
#include <utility>

#include <gtest/gtest.h>
#include <twinlane/twinlane.hpp>

#include "runtime/cast.hpp"

namespace host_test {

using namespace std::chrono_literals;
using namespace twinlane;
using nlohmann::json;
using runtime_test::account;
using runtime_test::fan;
using runtime_test::product;
using runtime_test::siren;
constexpr auto patience = 20s;

/// A runtime as a host has it, with accounts, sirens, and products that fans follow.
class hosted {
 public:
  explicit hosted(runtime_options o = {}) : on(with(std::move(o))) {
    on.add<account>("account", "/account/:id");
    on.add<fan>("fan", "/fan/:id");
    on.add<product>("product", "/product/:id");
    on.add<siren>("siren", "/siren/:id");
    on.start();
  }
  json document(const std::string& uri) {
    const auto s = snapshot_of(on, uri);
    return ok(s) ? json::parse(std::get<0>(s).lanes()) : json();
  }

 private:
  static runtime_options with(runtime_options o) {
    o.shards = 4;
    o.workers = 2;
    return o;
  }

 public:
  runtime on;
};

}  // namespace host_test
