#include <random>

#include <support/long_run.hpp>
#include <web/served.hpp>

namespace twinlane::testing {
namespace {

using nlohmann::json;

constexpr std::uint64_t uris = 3;

std::string customer(std::uint64_t id) { return "/customer/" + std::to_string(id); }

// A subscription as its client keeps it, over all its connections.
struct kept {
  std::string uri, fields;  // fields: of the URL, none: everything
  double rate = 0;
  json lanes = json::object();
  std::string lineage;
  std::uint64_t rev = 0;
  bool told = false;  // on this connection
  std::uint64_t resumed = 0, diffs = 0;

  json sub(std::uint64_t id) const {
    json m = {{"op", "sub"}, {"id", id}, {"uri", uri}};
    for (std::size_t at = 0; at < fields.size();) {
      const auto end = std::min(fields.find(',', at), fields.size());
      m["fields"].push_back(fields.substr(at, end - at));
      at = end + 1;
    }
    if (rate > 0) m["max_rate"] = rate;
    if (!lineage.empty()) m["resume"] = {{"lineage", lineage}, {"rev", rev}};
    return m;
  }

  void take(const json& m) {
    if (m.at("op") == "diff") {
      ASSERT_TRUE(told);
      ASSERT_EQ(m.at("from"), rev);
      ASSERT_GT(m.at("rev"), rev);
      lanes.merge_patch(m.at("patch"));
      ++diffs;
    } else {
      ASSERT_EQ(m.at("op"), "snap") << m;
      if (m.at("resumed") == true) {
        ASSERT_FALSE(told) << "nobody resumes in between";
        ASSERT_EQ(m.at("lineage"), lineage);
        ASSERT_EQ(m.at("rev"), rev);
        ASSERT_FALSE(m.contains("lanes"));
        ++resumed;
      } else {
        lanes = m.at("lanes");
        ASSERT_EQ(m.at("exists").get<bool>(), m.at("rev") > 0);
      }
      lineage = m.at("lineage");
      told = true;
    }
    rev = m.at("rev");
  }
};

class sync_life {
 public:
  explicit sync_life(unsigned seed)
      : random_(seed), s_([&](web::options& o) {
          o.outbound_bytes_max = 4'000u << any(4);
          o.slow_timeout = std::chrono::minutes{10};
        }) {
    for (int n = 0; n < 6; ++n) {
      clients_.emplace_back();
      for (std::uint64_t id = 0; id <= any(4); ++id) clients_.back().all.push_back(random_subscription());
    }
  }

  void run(int steps) {
    for (int n = 0; n < steps && !::testing::Test::HasFatalFailure(); ++n) {
      auto& c = clients_[any(clients_.size())];
      const auto what = any(20);
      if (what < 12) {
        for (auto writes = 1 + any(20); writes > 0; --writes) write();
      } else if (what < 18) {
        if (!c.line) connect(c);
        for (auto messages = any(30); messages > 0 && c.line->readable(); --messages) read(c);
      } else {
        c.line.reset();
      }
    }
  }

  // Everybody comes back and reads on until it has what a GET says.
  void settle() {
    for (auto& c : clients_) {
      if (!c.line) connect(c);
      read_until_settled(c);
      c.line->send(R"({"op":"ping","id":99})");
      while (!::testing::Test::HasFatalFailure() && !c.ponged) read(c);
      // What came before the pong may have led through another state and not yet back.
      read_until_settled(c);
    }
    EXPECT_EQ(s_.counted("closed_slow"), 0u);
  }

  std::uint64_t resumed() const {
    std::uint64_t n = 0;
    for (const auto& c : clients_)
      for (const auto& k : c.all) n += k.resumed;
    return n;
  }
  std::uint64_t merged() const { return s_.counted("diffs_merged"); }

 private:
  struct client {
    std::unique_ptr<ws_client> line;
    std::vector<kept> all;
    bool ponged = false;
  };

  std::uint64_t any(std::uint64_t below) { return random_() % below; }

  kept random_subscription() {
    static const char* const fields[] = {"",       "profile",      "profile.name",           "profile.a\\.b.c,prefs",
                                         "orders", "orders.1.sum", "orders.2,profile.a\\.b", "prefs.x.y"};
    kept k;
    k.uri = customer(any(uris));
    k.fields = fields[any(std::size(fields))];
    if (any(3) == 0) k.rate = any(2) ? 500 : 40;
    return k;
  }

  json random_value() {
    const std::string pad(any(8) == 0 ? 3'000 : any(30), static_cast<char>('a' + any(26)));
    switch (any(4)) {
      case 0:
        return any(5);
      case 1:
        return {{"name", pad}, {"sum", any(3)}, {"x", {{"y", any(3)}, {"z", any(3)}}}};
      case 2:
        return {{"a.b", {{"c", any(3)}, {"d", any(9)}}}, {"name", any(2)}};
      default:
        return {{"x", any(3)}, {"pad", pad}};
    }
  }

  void write() {
    const auto uri = customer(any(uris));
    switch (any(40)) {
      case 0:
        return s_.port->erase(uri);
      case 1:
        return void(s_.port->set(uri, "prefs", nullptr));
      default:
        break;
    }
    if (any(2))
      s_.port->set(uri, any(2) ? "profile" : "prefs", random_value());
    else
      s_.port->set_entry(uri, "orders", std::to_string(any(4)), any(3) == 0 ? json() : random_value());
  }

  void connect(client& c) {
    const std::vector<std::string> formats{any(2) ? "Sec-WebSocket-Protocol: twinlane.v1.cbor" : "Accept: */*"};
    c.line = std::make_unique<ws_client>(s_.server->port(), formats, 4 * 1024);
    json all = json::array();
    for (auto& k : c.all) {
      k.told = false;
      all.push_back(k.sub(all.size()));
    }
    c.line->send(all.dump());
  }

  void read(client& c) {
    const json m = c.line->next();
    if (m.at("op") == "pong") {
      c.ponged = true;
      return;
    }
    const auto id = m.at("id").get<std::size_t>();
    ASSERT_LT(id, c.all.size());
    ASSERT_NO_FATAL_FAILURE(c.all[id].take(m)) << c.all[id].uri << " " << c.all[id].fields;
  }

  void read_until_settled(client& c) {
    while (!::testing::Test::HasFatalFailure() && (c.line->readable() || !settled(c))) read(c);
  }

  bool settled(const client& c) {
    return std::all_of(c.all.begin(), c.all.end(), [&](const kept& k) {
      auto url = k.uri;
      if (!k.fields.empty()) url += "?fields=";
      for (const char ch : k.fields) url += ch == '\\' ? "%5C" : std::string(1, ch);
      const auto answer = s_.get(url);
      return k.told && k.lanes == (answer.status == 404 ? json::object() : answer.json().at("lanes"));
    });
  }

  std::mt19937 random_;
  served s_;
  std::vector<client> clients_;
};

TEST(sync_property, each_subscriber_ends_with_what_a_get_says_whatever_it_missed) {
  std::uint64_t resumed = 0, merged = 0;
  for (unsigned seed = 1; seed <= (long_run() ? 100u : 15u); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    sync_life life(seed);
    ASSERT_NO_FATAL_FAILURE(life.run(120));
    ASSERT_NO_FATAL_FAILURE(life.settle());
    resumed += life.resumed();
    merged += life.merged();
  }
  EXPECT_GT(resumed, 0u);
  EXPECT_GT(merged, 0u);
}

}  // namespace
}  // namespace twinlane::testing
