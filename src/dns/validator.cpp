#include "tlsa_update/dns/validator.hpp"

#include <algorithm>
#include <dlfcn.h>
#include <memory>
#include <span>

#include <unbound.h>

#include "lookup.hpp"
#include "wire.hpp"

namespace tlsa_update::dns {
namespace {

// libunbound, loaded when somebody validates: all other runs start without it.
class Library {
 public:
  static Result<Library> load() {
    Library library;
    library.handle_.reset(dlopen("libunbound.so.8", RTLD_NOW | RTLD_LOCAL));
    if (!library.handle_)
      return fail(ErrorCode::internal, "libunbound cannot be loaded: " + std::string(dlerror()), {},
                  "install libunbound8, or leave --trust-anchor out");
    const bool complete =
        library.find(library.create, "ub_ctx_create") && library.find(library.destroy, "ub_ctx_delete") &&
        library.find(library.add_anchor, "ub_ctx_add_ta") &&
        library.find(library.forward, "ub_ctx_set_fwd") &&
        library.find(library.set_option, "ub_ctx_set_option") &&
        library.find(library.forget_zone, "ub_ctx_zone_remove") &&
        library.find(library.use_thread, "ub_ctx_async") && library.find(library.wait, "ub_wait") &&
        library.find(library.resolve, "ub_resolve_async") &&
        library.find(library.release, "ub_resolve_free") && library.find(library.quiet, "ub_ctx_debugout") &&
        library.find(library.describe, "ub_strerror");
    if (!complete) return fail(ErrorCode::internal, "libunbound lacks a function: " + std::string(dlerror()));
    return library;
  }

  decltype(&ub_ctx_create) create = nullptr;
  decltype(&ub_ctx_delete) destroy = nullptr;
  decltype(&ub_ctx_add_ta) add_anchor = nullptr;
  decltype(&ub_ctx_set_fwd) forward = nullptr;
  decltype(&ub_ctx_set_option) set_option = nullptr;
  decltype(&ub_ctx_zone_remove) forget_zone = nullptr;
  decltype(&ub_ctx_async) use_thread = nullptr;
  decltype(&ub_resolve_async) resolve = nullptr;
  decltype(&ub_wait) wait = nullptr;
  decltype(&ub_resolve_free) release = nullptr;
  decltype(&ub_ctx_debugout) quiet = nullptr;
  decltype(&ub_strerror) describe = nullptr;

 private:
  template <class Function>
  bool find(Function& function, const char* name) {
    function = reinterpret_cast<Function>(dlsym(handle_.get(), name));
    return function != nullptr;
  }

  struct Closer {
    void operator()(void* handle) const noexcept { dlclose(handle); }
  };
  std::unique_ptr<void, Closer> handle_;
};

// A question in flight, and what came back.
struct Pending {
  const Library* library = nullptr;
  ub_result* result = nullptr;
  int error = 0;

  // Called by ub_wait, in the thread that calls that.
  static void take(void* asked, int error, ub_result* result) {
    static_cast<Pending*>(asked)->error = error;
    static_cast<Pending*>(asked)->result = result;
  }
  Pending() = default;
  Pending(const Pending&) = delete;
  Pending& operator=(const Pending&) = delete;
  ~Pending() {
    if (result != nullptr) library->release(result);
  }
};

constexpr std::size_t questions_at_once = 256;

}  // namespace

// libunbound with our anchors and forwarders.
struct Validator::State {
  explicit State(Library loaded)
      : library_(std::move(loaded)), context_(library_.create(), library_.destroy) {}

  [[nodiscard]] std::vector<Result<Dnssec>> verdicts(std::span<const Question> questions) const {
    std::vector<Pending> asked(questions.size());
    for (std::size_t i = 0; i < questions.size(); ++i) {
      asked[i].library = &library_;
      asked[i].error = ask(questions[i], asked[i]);
    }
    const int failed = library_.wait(context_.get());
    std::vector<Result<Dnssec>> verdicts;
    for (std::size_t i = 0; i < questions.size(); ++i) {
      const int error = asked[i].error != 0 ? asked[i].error : failed;
      verdicts.push_back(error != 0 ? trouble(ErrorCode::internal, error, questions[i].name.text())
                                    : verdict_of(questions[i], *asked[i].result));
    }
    return verdicts;
  }

  Result<void> configure(const TrustAnchors& anchors, const std::vector<ServerName>& servers, Family family) {
    if (!context_) return fail(ErrorCode::internal, "libunbound does not start");
    library_.quiet(context_.get(), nullptr);  // standard error is not its to write to
    library_.use_thread(context_.get(), 1);   // else it forks a process
    if (family == Family::ipv4) library_.set_option(context_.get(), "do-ip6:", "no");
    if (family == Family::ipv6) library_.set_option(context_.get(), "do-ip4:", "no");
    for (const auto& anchor : anchors) {
      if (const int error = library_.add_anchor(context_.get(), anchor.c_str()); error != 0)
        return trouble(ErrorCode::bad_data, error, "--trust-anchor");
    }
    for (const auto& server : servers) {
      if (!literal_endpoint(server))
        return fail(ErrorCode::usage, "a resolver must be given by its address here", server.text());
      // A forwarder on this host is refused by default, as a loop back to itself.
      library_.set_option(context_.get(), "do-not-query-localhost:", "no");
      if (const int error = library_.forward(context_.get(), server.text().c_str()); error != 0)
        return trouble(ErrorCode::usage, error, server.text());
    }
    // Anchors that make no sense come to light with the first use of the context, whichever it is.
    if (const int error = forget(Name()); error != 0)
      return trouble(ErrorCode::bad_data, error, "--trust-anchor");
    return {};
  }

  // libunbound answers test., home.arpa. and others (RFC 6761, RFC 6303) itself; those who use them ask here.
  int forget(const Name& zone) const { return library_.forget_zone(context_.get(), zone.text().c_str()); }

  int ask(const Question& question, Pending& asked) const {
    for (Name zone = question.name; !zone.is_root(); zone = zone.parent()) forget(zone);
    return library_.resolve(context_.get(), question.name.text().c_str(), question.type, class_in, &asked,
                            &Pending::take, nullptr);
  }

  static Result<Dnssec> verdict_of(const Question& question, const ub_result& result) {
    if (result.bogus != 0) return Dnssec::bogus;
    if (result.secure != 0) return Dnssec::secure;
    // Without an answer, its insecurity is no finding.
    if (result.rcode == rcode::noerror || result.rcode == rcode::nxdomain) return Dnssec::insecure;
    return fail(ErrorCode::no_answer,
                "no answer to validate (" + rcode_text(static_cast<std::uint16_t>(result.rcode)) +
                    "), asked for " + type_text(question.type),
                question.name.text());
  }

  [[nodiscard]] tl::unexpected<Error> trouble(ErrorCode code, int error, const std::string& where) const {
    return fail(code, std::string("libunbound: ") + library_.describe(error), where);
  }

  Library library_;
  std::unique_ptr<ub_ctx, decltype(&ub_ctx_delete)> context_;
};

Validator::Validator(std::unique_ptr<State> state) : state_(std::move(state)) {}
Validator::~Validator() = default;
Validator::Validator(Validator&&) noexcept = default;
Validator& Validator::operator=(Validator&&) noexcept = default;

Result<Validator> Validator::open(const TrustAnchors& anchors, const std::vector<ServerName>& servers,
                                  Family family) {
  auto library = Library::load();
  if (!library) return tl::unexpected<Error>(library.error());
  auto state = std::make_unique<State>(std::move(*library));
  if (auto done = state->configure(anchors, servers, family); !done)
    return tl::unexpected<Error>(done.error());
  return Validator(std::move(state));
}

std::vector<Result<Dnssec>> Validator::verdicts(const std::vector<Question>& questions) {
  std::vector<Result<Dnssec>> all;
  for (std::span<const Question> rest(questions); !rest.empty();) {
    const auto some = rest.first(std::min(rest.size(), questions_at_once));
    for (auto& verdict : state_->verdicts(some)) all.push_back(std::move(verdict));
    rest = rest.subspan(some.size());
  }
  return all;
}

}  // namespace tlsa_update::dns
