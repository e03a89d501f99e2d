#include "tlsa_update/dns/validator.hpp"

#include <dlfcn.h>
#include <fstream>
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
        library.find(library.add_anchors, "ub_ctx_add_ta_file") &&
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
  decltype(&ub_ctx_add_ta_file) add_anchors = nullptr;
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

Dnssec verdict_of(const ub_result& result) {
  if (result.bogus != 0) return Dnssec::bogus;
  if (result.secure != 0) return Dnssec::secure;
  // Without an answer, its insecurity is no finding.
  const bool answered = result.rcode == rcode::noerror || result.rcode == rcode::nxdomain;
  return answered ? Dnssec::insecure : Dnssec::unknown;
}

}  // namespace

Result<Dnssec> validate(const Question& question, const std::string& trust_anchor_file,
                        const std::vector<ServerName>& servers) {
  auto library = Library::load();
  if (!library) return tl::unexpected<Error>(library.error());
  const std::unique_ptr<ub_ctx, decltype(library->destroy)> context(library->create(), library->destroy);
  if (!context) return fail(ErrorCode::internal, "libunbound does not start");
  library->quiet(context.get(), nullptr);  // standard error is not its to write to
  // It reads the file later and does not say what kept it from that.
  if (!std::ifstream(trust_anchor_file).good())
    return fail(ErrorCode::unreadable, "no trust anchors can be read from it", trust_anchor_file);
  if (const int error = library->add_anchors(context.get(), trust_anchor_file.c_str()); error != 0)
    return fail(ErrorCode::unreadable,
                std::string("no trust anchors can be read: ") + library->describe(error), trust_anchor_file);
  for (const auto& server : servers) {
    const auto literal = literal_endpoint(server);
    if (!literal)
      return fail(ErrorCode::usage, "a resolver must be given by its address here", server.text());
    // A forwarder on this host is refused by default, as a loop back to itself.
    library->set_option(context.get(), "do-not-query-localhost:", "no");
    if (const int error = library->forward(context.get(), server.text().c_str()); error != 0)
      return fail(ErrorCode::usage, std::string("libunbound: ") + library->describe(error), server.text());
  }
  // libunbound answers test., home.arpa. and others (RFC 6761, RFC 6303) itself; those who use them ask here.
  for (Name zone = question.name; !zone.is_root(); zone = zone.parent())
    library->forget_zone(context.get(), zone.text().c_str());
  ub_result* raw = nullptr;
  constexpr int class_in = 1;
  const int error =
      library->resolve(context.get(), question.name.text().c_str(), question.type, class_in, &raw);
  const std::unique_ptr<ub_result, decltype(library->release)> result(raw, library->release);
  if (error != 0) {
    // Anchors that make no sense come to light here.
    return fail(ErrorCode::bad_data, std::string("libunbound: ") + library->describe(error),
                trust_anchor_file);
  }
  return verdict_of(*result);
}

}  // namespace tlsa_update::dns
