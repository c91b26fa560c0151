#include <twinlane/ingest/http_client.hpp>

#include <algorithm>
#include <stdexcept>
#include <string_view>
#include <utility>

#include <curl/curl.h>

namespace twinlane::ingest {
namespace {

constexpr std::size_t text_bytes_max = 256, answer_bytes_max = 64 * 1024;

template <auto Free>
struct freed {
  template <class T>
  void operator()(T* p) const {
    Free(p);
  }
};
using easy_ptr = std::unique_ptr<CURL, freed<curl_easy_cleanup>>;
using multi_ptr = std::unique_ptr<CURLM, freed<curl_multi_cleanup>>;
using list_ptr = std::unique_ptr<curl_slist, freed<curl_slist_free_all>>;

/// One request on its way.
struct transfer {
  easy_ptr easy;
  list_ptr headers;
  std::string body, text;
  std::size_t received = 0;
  std::uint64_t tag = 0;
};

std::size_t did_receive(char* data, std::size_t, std::size_t size, void* to) {
  auto& t = *static_cast<transfer*>(to);
  t.text.append(data, std::min(size, text_bytes_max - t.text.size()));
  t.received += size;
  return t.received > answer_bytes_max ? 0 : size;  // 0 ends the transfer
}

list_ptr list_of(const std::vector<std::string>& lines) {
  list_ptr list;
  for (const auto& line : lines) {
    auto* longer = curl_slist_append(list.get(), line.c_str());
    if (longer == nullptr) throw std::bad_alloc();
    (void)list.release();
    list.reset(longer);
  }
  return list;
}

http_reply::end end_of(CURL* easy, CURLcode code) {
  using end = http_reply::end;
  curl_off_t connected_us = 0;
  curl_easy_getinfo(easy, CURLINFO_PRETRANSFER_TIME_T, &connected_us);
  if (code == CURLE_URL_MALFORMAT) return end::unsendable;
  if (connected_us == 0) return end::unreachable;
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_PARTIAL_FILE:
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL:  // an answer of HTTP/0.9
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
      return end::silent;
    default:
      return end::unreachable;
  }
}

void set_up_curl() {
  static const CURLcode done = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (done != CURLE_OK) throw std::runtime_error(std::string("libcurl: ") + curl_easy_strerror(done));
}

}  // namespace

struct http_client::impl {
  multi_ptr multi{curl_multi_init()};
  std::chrono::milliseconds timeout{};
  std::vector<std::unique_ptr<transfer>> active, idle;

  void prepare(transfer& t, const http_request& r) const;
  http_reply take(transfer& t, CURLcode code);
};

http_client::http_client(unsigned connections, std::chrono::milliseconds timeout) {
  set_up_curl();
  impl_ = std::make_unique<impl>();
  if (!impl_->multi) throw std::runtime_error("libcurl: out of memory");
  impl_->timeout = timeout;
  curl_multi_setopt(impl_->multi.get(), CURLMOPT_MAXCONNECTS, static_cast<long>(connections));
  curl_multi_setopt(impl_->multi.get(), CURLMOPT_MAX_TOTAL_CONNECTIONS, static_cast<long>(connections));
}

http_client::~http_client() {
  for (const auto& t : impl_->active) curl_multi_remove_handle(impl_->multi.get(), t->easy.get());
}

std::optional<std::string> http_client::refusal(const std::string& url) {
  const std::unique_ptr<CURLU, freed<curl_url_cleanup>> parsed(curl_url());
  if (const auto e = curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), CURLU_DISALLOW_USER); e != CURLUE_OK)
    return e == CURLUE_USER_NOT_ALLOWED ? "holds a user or password; put them into a header" : curl_url_strerror(e);
  return std::nullopt;
}

void http_client::impl::prepare(transfer& t, const http_request& r) const {
  auto* e = t.easy.get();
  curl_easy_reset(e);
  t.body = r.body;
  t.text.clear();
  t.received = 0;
  auto headers = r.headers;
  headers.emplace_back("Expect:");  // none: it would cost a round trip
  t.headers = list_of(headers);
  curl_easy_setopt(e, CURLOPT_URL, r.url.c_str());
  curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(e, CURLOPT_POST, 1L);
  curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, r.method.c_str());
  curl_easy_setopt(e, CURLOPT_POSTFIELDS, t.body.data());
  curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(t.body.size()));
  curl_easy_setopt(e, CURLOPT_HTTPHEADER, t.headers.get());
  curl_easy_setopt(e, CURLOPT_USERAGENT, "twinlane");
  curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, static_cast<long>(timeout.count()));
  curl_easy_setopt(e, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, did_receive);
  curl_easy_setopt(e, CURLOPT_WRITEDATA, &t);
  curl_easy_setopt(e, CURLOPT_PRIVATE, &t);
}

void http_client::send(const http_request& r, std::uint64_t tag) {
  auto& i = *impl_;
  if (i.idle.empty()) {
    i.idle.push_back(std::make_unique<transfer>());
    i.idle.back()->easy.reset(curl_easy_init());
    if (!i.idle.back()->easy) throw std::bad_alloc();
  }
  auto t = std::move(i.idle.back());
  i.idle.pop_back();
  t->tag = tag;
  i.prepare(*t, r);
  if (const auto code = curl_multi_add_handle(i.multi.get(), t->easy.get()); code != CURLM_OK)
    throw std::runtime_error(std::string("libcurl: ") + curl_multi_strerror(code));
  i.active.push_back(std::move(t));
}

http_reply http_client::impl::take(transfer& t, CURLcode code) {
  http_reply a;
  a.tag = t.tag;
  long status = 0;
  curl_easy_getinfo(t.easy.get(), CURLINFO_RESPONSE_CODE, &status);
  a.status = static_cast<int>(status);
  // A receiver that sent its status has decided, even when the rest of its answer is cut off.
  a.how = code == CURLE_OK || status >= 200 ? http_reply::end::answered : end_of(t.easy.get(), code);
  a.text = a.how == http_reply::end::answered ? std::move(t.text) : curl_easy_strerror(code);
  curl_off_t seconds = 0;
  if (curl_easy_getinfo(t.easy.get(), CURLINFO_RETRY_AFTER, &seconds) == CURLE_OK && seconds > 0)
    a.retry_after = std::chrono::seconds{seconds};
  curl_multi_remove_handle(multi.get(), t.easy.get());
  const auto at = std::find_if(active.begin(), active.end(), [&](const auto& p) { return p.get() == &t; });
  idle.push_back(std::move(*at));
  active.erase(at);
  return a;
}

std::vector<http_reply> http_client::wait(std::chrono::milliseconds at_most) {
  auto* multi = impl_->multi.get();
  std::vector<http_reply> all;
  const auto collect = [&] {
    int running = 0, left = 0;
    curl_multi_perform(multi, &running);
    while (const auto* m = curl_multi_info_read(multi, &left)) {
      if (m->msg != CURLMSG_DONE) continue;
      transfer* t = nullptr;
      curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &t);
      const auto code = m->data.result;  // m is gone with its handle
      all.push_back(impl_->take(*t, code));
    }
  };
  collect();
  if (!all.empty()) return all;
  curl_multi_poll(multi, nullptr, 0, static_cast<int>(at_most.count()), nullptr);
  collect();
  return all;
}

void http_client::wake() { curl_multi_wakeup(impl_->multi.get()); }

}  // namespace twinlane::ingest
