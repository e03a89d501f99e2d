#include "tlsa_update/dns/validator.hpp"

#include <dlfcn.h>
#include <memory>

#include <unbound.h>

#include "lookup.hpp"

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
        library.find(library.resolve, "ub_resolve") && library.find(library.release, "ub_resolve_free") &&
        library.find(library.quiet, "ub_ctx_debugout") && library.find(library.describe, "ub_strerror");
    if (!complete) return fail(ErrorCode::internal, "libunbound lacks a function: " + std::string(dlerror()));
    return library;
  }

  decltype(&ub_ctx_create) create = nullptr;
  decltype(&ub_ctx_delete) destroy = nullptr;
  decltype(&ub_ctx_add_ta) add_anchor = nullptr;
  decltype(&ub_ctx_set_fwd) forward = nullptr;
  decltype(&ub_ctx_set_option) set_option = nullptr;
  decltype(&ub_ctx_zone_remove) forget_zone = nullptr;
  decltype(&ub_resolve) resolve = nullptr;
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

// libunbound with our anchors and forwarders.
class Validation {
 public:
  static Result<Validation> open(const TrustAnchors& anchors, const std::vector<ServerName>& servers) {
    auto library = Library::load();
    if (!library) return tl::unexpected<Error>(library.error());
    Validation validation(std::move(*library));
    if (!validation.context_) return fail(ErrorCode::internal, "libunbound does not start");
    if (auto done = validation.configure(anchors, servers); !done) return tl::unexpected<Error>(done.error());
    return validation;
  }

  [[nodiscard]] Result<Dnssec> verdict(const Question& question) const {
    for (Name zone = question.name; !zone.is_root(); zone = zone.parent()) forget(zone);
    ub_result* raw = nullptr;
    constexpr int class_in = 1;
    const auto owner = question.name.text();
    const int error = library_.resolve(context_.get(), owner.c_str(), question.type, class_in, &raw);
    const std::unique_ptr<ub_result, decltype(library_.release)> result(raw, library_.release);
    if (error != 0) return trouble(ErrorCode::internal, error, owner);
    if (result->bogus != 0) return Dnssec::bogus;
    if (result->secure != 0) return Dnssec::secure;
    // Without an answer, its insecurity is no finding.
    if (result->rcode == rcode::noerror || result->rcode == rcode::nxdomain) return Dnssec::insecure;
    return fail(ErrorCode::no_answer,
                "no answer to validate (" + rcode_text(static_cast<std::uint16_t>(result->rcode)) +
                    "), asked for " + type_text(question.type),
                owner);
  }

 private:
  explicit Validation(Library library)
      : library_(std::move(library)), context_(library_.create(), library_.destroy) {}

  Result<void> configure(const TrustAnchors& anchors, const std::vector<ServerName>& servers) {
    library_.quiet(context_.get(), nullptr);  // standard error is not its to write to
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

  [[nodiscard]] tl::unexpected<Error> trouble(ErrorCode code, int error, const std::string& where) const {
    return fail(code, std::string("libunbound: ") + library_.describe(error), where);
  }

  Library library_;
  std::unique_ptr<ub_ctx, decltype(&ub_ctx_delete)> context_;
};

}  // namespace

Result<void> check_validation(const TrustAnchors& anchors, const std::vector<ServerName>& servers) {
  const auto validation = Validation::open(anchors, servers);
  if (!validation) return tl::unexpected<Error>(validation.error());
  return {};
}

Result<Dnssec> validate(const Question& question, const TrustAnchors& anchors,
                        const std::vector<ServerName>& servers) {
  const auto validation = Validation::open(anchors, servers);
  if (!validation) return tl::unexpected<Error>(validation.error());
  return validation->verdict(question);
}

}  // namespace tlsa_update::dns
