// librdkafka uses C11 threads, which ThreadSanitizer of g++ 12 does not know: a thread that it has not seen start crashes
// it, and what a C11 mutex orders looks like a race. Preloaded into programs under test, this leads them to the POSIX
// calls that it knows. In glibc, mtx_t and cnd_t are the POSIX types under other names.
#include <pthread.h>
#include <threads.h>

#include <cerrno>
#include <cstdint>
#include <new>

namespace {

struct start {
  thrd_start_t run;
  void* argument;
};

void* begin(void* p) {
  const start s = *static_cast<start*>(p);
  delete static_cast<start*>(p);
  return reinterpret_cast<void*>(static_cast<std::intptr_t>(s.run(s.argument)));
}

}  // namespace

extern "C" int thrd_create(thrd_t* thread, thrd_start_t run, void* argument) {
  auto* s = new (std::nothrow) start{run, argument};
  if (s == nullptr) return thrd_nomem;
  if (pthread_create(thread, nullptr, begin, s) == 0) return thrd_success;
  delete s;
  return thrd_error;
}

extern "C" int thrd_join(thrd_t thread, int* result) {
  void* value = nullptr;
  if (pthread_join(thread, &value) != 0) return thrd_error;
  if (result != nullptr) *result = static_cast<int>(reinterpret_cast<std::intptr_t>(value));
  return thrd_success;
}

namespace {

pthread_mutex_t* posix(mtx_t* m) { return reinterpret_cast<pthread_mutex_t*>(m); }
pthread_cond_t* posix(cnd_t* c) { return reinterpret_cast<pthread_cond_t*>(c); }
int answer(int error) { return error == 0 ? thrd_success : error == ETIMEDOUT ? thrd_timedout : thrd_error; }

}  // namespace

extern "C" int mtx_init(mtx_t* m, int type) {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  if ((type & mtx_recursive) != 0) pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
  const int error = pthread_mutex_init(posix(m), &attributes);
  pthread_mutexattr_destroy(&attributes);
  return answer(error);
}
extern "C" int mtx_lock(mtx_t* m) { return answer(pthread_mutex_lock(posix(m))); }
extern "C" int mtx_unlock(mtx_t* m) { return answer(pthread_mutex_unlock(posix(m))); }
extern "C" void mtx_destroy(mtx_t* m) { pthread_mutex_destroy(posix(m)); }

extern "C" int cnd_init(cnd_t* c) { return answer(pthread_cond_init(posix(c), nullptr)); }
extern "C" int cnd_signal(cnd_t* c) { return answer(pthread_cond_signal(posix(c))); }
extern "C" int cnd_broadcast(cnd_t* c) { return answer(pthread_cond_broadcast(posix(c))); }
extern "C" int cnd_wait(cnd_t* c, mtx_t* m) { return answer(pthread_cond_wait(posix(c), posix(m))); }
extern "C" int cnd_timedwait(cnd_t* c, mtx_t* m, const timespec* until) {
  return answer(pthread_cond_timedwait(posix(c), posix(m), until));
}
extern "C" void cnd_destroy(cnd_t* c) { pthread_cond_destroy(posix(c)); }
