#include <filesystem>
#include <fstream>

#include <web/served.hpp>

#include <stdlib.h>

namespace twinlane::testing {
namespace {

namespace fs = std::filesystem;

// A folder with an application's pages in it, and a secret beside it.
class pages {
 public:
  pages() {
    std::string name = (fs::temp_directory_path() / "twinlane_pages_XXXXXX").string();
    base_ = ::mkdtemp(name.data());
    write("ui/index.html", "<title>app</title>");
    write("ui/assets/app.js", "run()");
    write("ui/assets/app.css", "a{}");
    write("ui/logo.svg", "<svg/>");
    write("ui/a b.txt", "blank");
    write("ui/.hidden", "hidden");
    write("secret.txt", "secret");
    fs::create_symlink(base_ / "secret.txt", base_ / "ui" / "link.txt");
  }
  ~pages() { fs::remove_all(base_); }
  std::string ui() const { return (base_ / "ui").string(); }
  void write(const std::string& name, const std::string& text) const {
    fs::create_directories((base_ / name).parent_path());
    std::ofstream(base_ / name) << text;
  }

 private:
  fs::path base_;
};

const std::string browser = "Accept: text/html,application/xhtml+xml,*/*;q=0.8";

TEST(pages, files_come_with_their_type) {
  pages p;
  served s([&](web::options& o) { o.ui_dir = p.ui(); });
  EXPECT_EQ(s.get("/ui/").body, "<title>app</title>");
  EXPECT_EQ(s.get("/ui/").headers.at("content-type"), "text/html; charset=utf-8");
  EXPECT_EQ(s.get("/ui/assets/app.js").headers.at("content-type"), "text/javascript; charset=utf-8");
  EXPECT_EQ(s.get("/ui/assets/app.css").headers.at("content-type"), "text/css; charset=utf-8");
  EXPECT_EQ(s.get("/ui/logo.svg").headers.at("content-type"), "image/svg+xml");
  EXPECT_EQ(s.get("/ui/a%20b.txt?v=1").body, "blank");
  EXPECT_EQ(s.get("/ui/logo.svg").headers.at("x-content-type-options"), "nosniff");
}

TEST(pages, an_unchanged_file_is_304_and_a_changed_one_is_not) {
  pages p;
  served s([&](web::options& o) { o.ui_dir = p.ui(); });
  const auto tag = s.get("/ui/assets/app.js").headers.at("etag");
  EXPECT_EQ(s.get("/ui/assets/app.js", {"If-None-Match: " + tag}).status, 304);
  p.write("ui/assets/app.js", "run(2)");
  EXPECT_EQ(s.get("/ui/assets/app.js", {"If-None-Match: " + tag}).body, "run(2)");
}

TEST(pages, nothing_outside_the_folder_is_ever_served) {
  pages p;
  served s([&](web::options& o) { o.ui_dir = p.ui(); });
  for (const std::string target :
       {"/ui/../secret.txt", "/ui/%2e%2e/secret.txt", "/ui/..%2fsecret.txt", "/ui/%2e%2e%2fsecret.txt",
        "/ui/..%5csecret.txt", "/ui/assets/../../secret.txt", "/ui/link.txt", "/ui/.hidden", "/ui/%2ehidden",
        "/ui//etc/passwd", "/ui/%2fetc/passwd", "/ui/secret.txt%00.html", "/ui/%00", "/ui/assets/%00", "/ui/%",
        "/ui/%ff", "/ui/../../../../../../etc/passwd"}) {
    for (const auto& accept : {browser, std::string("Accept: */*")}) {
      const auto a = s.get(target, {accept});
      EXPECT_EQ(a.body.find("secret\n"), std::string::npos) << target;
      EXPECT_NE(a.body, "secret") << target;
      EXPECT_NE(a.body, "hidden") << target;
      EXPECT_EQ(a.body.find("root:"), std::string::npos) << target;
      EXPECT_TRUE(a.status == 404 || a.status == 400 || a.body == "<title>app</title>") << target << " " << a.body;
    }
  }
  EXPECT_EQ(s.get("/ui/%2e%2e/secret.txt").status, 404);
  EXPECT_EQ(s.get("/ui/link.txt").status, 404);
}

TEST(pages, deep_links_of_the_application_get_its_page) {
  pages p;
  served s([&](web::options& o) { o.ui_dir = p.ui(); });
  EXPECT_EQ(s.get("/ui/customer/42", {browser}).body, "<title>app</title>");
  EXPECT_EQ(s.get("/ui/customer/42").body, "<title>app</title>");
  EXPECT_EQ(s.get("/ui/customer/a.b", {browser}).body, "<title>app</title>");
  expect_problem(s.get("/ui/assets/missing.js"), 404, "no_such_route");
}

TEST(pages, the_root_leads_to_the_pages) {
  served s;
  EXPECT_EQ(s.get("/").status, 302);
  EXPECT_EQ(s.get("/").headers.at("location"), "/ui/");
  EXPECT_EQ(s.get("/ui").headers.at("location"), "/ui/");
  const auto plain = s.get("/ui/");
  EXPECT_EQ(plain.status, 200);
  EXPECT_NE(plain.body.find("/openapi.json"), std::string::npos);
}

TEST(pages, an_entitys_url_in_a_browser_is_its_page) {
  pages p;
  served with([&](web::options& o) { o.ui_dir = p.ui(); });
  const auto a = with.get("/customer/a%20b", {browser});
  EXPECT_EQ(a.status, 302);
  EXPECT_EQ(a.headers.at("location"), "/ui/customer/a%20b");
  served without;
  without.port->set("/customer/42", "profile", {{"name", "<script>alert(1)</script>"}});
  const auto plain = without.get("/customer/42", {browser});
  EXPECT_EQ(plain.headers.at("content-type"), "text/html; charset=utf-8");
  EXPECT_NE(plain.body.find("&lt;script&gt;"), std::string::npos);
  EXPECT_EQ(plain.body.find("<script>"), std::string::npos);
  EXPECT_EQ(without.get("/customer/43", {browser}).status, 404);
}

constexpr web::embedded_file embedded[]{{"app.js", "show()", "\"1f\""}, {"index.html", "<title>all</title>", "\"2e\""}};

TEST(pages, an_application_without_pages_has_those_in_the_program) {
  served s([&](web::options& o) { o.pages = embedded; });
  EXPECT_EQ(s.get("/ui/", {browser}).body, "<title>all</title>");
  EXPECT_EQ(s.get("/ui/customer/a.b", {browser}).body, "<title>all</title>");
  EXPECT_EQ(s.get("/ui/app.js").body, "show()");
  EXPECT_EQ(s.get("/ui/app.js").headers.at("content-type"), "text/javascript; charset=utf-8");
  EXPECT_EQ(s.get("/ui/app.js", {"If-None-Match: \"1f\""}).status, 304);
  EXPECT_EQ(s.get("/customer/42", {browser}).headers.at("location"), "/ui/customer/42");
  expect_problem(s.get("/ui/missing.js"), 404, "no_such_route");
  EXPECT_NE(s.get("/ui/../secret.txt", {browser}).status, 200);
}

TEST(pages, an_applications_own_pages_go_before_those_in_the_program) {
  pages p;
  served s([&](web::options& o) {
    o.ui_dir = p.ui();
    o.pages = embedded;
  });
  EXPECT_EQ(s.get("/ui/").body, "<title>app</title>");
  expect_problem(s.get("/ui/app.js"), 404, "no_such_route");
}

}  // namespace
}  // namespace twinlane::testing
