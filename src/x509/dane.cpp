#include "tlsa_update/x509/dane.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <tuple>

#include <openssl/ssl.h>

#include "openssl.hpp"

namespace tlsa_update::x509 {
namespace {

using ContextPtr = std::unique_ptr<SSL_CTX, Freer<SSL_CTX_free>>;
using SslPtr = std::unique_ptr<SSL, Freer<SSL_free>>;
using StorePtr = std::unique_ptr<X509_STORE_CTX, Freer<X509_STORE_CTX_free>>;

// Frees the certificates as well.
struct ChainFreer {
  void operator()(STACK_OF(X509) * chain) const noexcept { sk_X509_pop_free(chain, X509_free); }
};
using ChainPtr = std::unique_ptr<STACK_OF(X509), ChainFreer>;

ContextPtr make_context(bool with_roots) {
  ContextPtr context(SSL_CTX_new(TLS_client_method()));
  if (!context || SSL_CTX_dane_enable(context.get()) <= 0) return nullptr;
  if (with_roots) SSL_CTX_set_default_verify_paths(context.get());
  return context;
}

// The roots take long to load, and few need them.
SSL_CTX* context_for(const TlsaRecords& records) {
  const bool needs_roots = std::ranges::any_of(records, [](const TlsaRecord& record) {
    const auto usage = record.parameters.usage;
    return usage == Usage::pkix_ta || usage == Usage::pkix_ee;
  });
  static const ContextPtr plain = make_context(false);
  if (!needs_roots) return plain.get();
  static const ContextPtr with_roots = make_context(true);
  return with_roots.get();
}

// As certificates bear it (RFC 6125): no final dot.
std::string dns_id(const Name& name) {
  auto text = name.text();
  text.pop_back();
  return text;
}

bool expect_names(SSL* ssl, const std::vector<Name>& names) {
  const std::string first = names.empty() ? std::string{} : dns_id(names.front());
  if (SSL_dane_enable(ssl, names.empty() ? nullptr : first.c_str()) <= 0) return false;
  // RFC 7671 section 5.1: names do not count for usage 3; neither do dates, which OpenSSL knows by itself.
  SSL_dane_set_flags(ssl, DANE_FLAG_NO_DANE_EE_NAMECHECKS);
  SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);  // RFC 7672 section 3.2.3
  for (std::size_t i = 1; i < names.size(); ++i) {
    if (SSL_add1_host(ssl, dns_id(names[i]).c_str()) != 1) return false;
  }
  return true;
}

SslPtr expectation(const TlsaRecords& records, const std::vector<Name>& names, std::optional<Time> now) {
  auto* const context = context_for(records);
  SslPtr ssl(context != nullptr ? SSL_new(context) : nullptr);
  if (!ssl || !expect_names(ssl.get(), names)) return nullptr;
  auto* const parameters = SSL_get0_param(ssl.get());
  X509_VERIFY_PARAM_set_auth_level(parameters, 1);  // what a client of today asks of the chain it trusts
  if (now) X509_VERIFY_PARAM_set_time(parameters, static_cast<time_t>(now->time_since_epoch().count()));
  for (const auto& record : records) {
    const auto [usage, selector, matching_type] = record.parameters;
    // What does not parse is passed over too.
    SSL_dane_tlsa_add(ssl.get(), static_cast<std::uint8_t>(usage), static_cast<std::uint8_t>(selector),
                      static_cast<std::uint8_t>(matching_type), record.data.data(), record.data.size());
  }
  forget_errors();
  return ssl;
}

ChainPtr certificates_of(const Chain& chain) {
  ChainPtr certificates(sk_X509_new_null());
  for (const auto& one : chain) {
    const auto& der = one.certificate.full;
    const auto* at = der.data();
    X509Ptr certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
    if (!certificate || sk_X509_push(certificates.get(), certificate.get()) <= 0) return nullptr;
    static_cast<void>(certificate.release());  // owned by the stack
  }
  return certificates;
}

std::optional<TlsaRecord> matched_record(SSL* ssl) {
  std::uint8_t usage = 0;
  std::uint8_t selector = 0;
  std::uint8_t matching_type = 0;
  const unsigned char* data = nullptr;
  std::size_t size = 0;
  if (SSL_get0_dane_tlsa(ssl, &usage, &selector, &matching_type, &data, &size) < 0) return std::nullopt;
  return TlsaRecord{{Usage{usage}, Selector{selector}, MatchingType{matching_type}},
                    Bytes(data, data + size)};
}

// As libssl does when a handshake has brought the chain.
int verify(SSL* ssl, STACK_OF(X509) * chain) {
  const StorePtr store(X509_STORE_CTX_new());
  auto* const trusted = SSL_CTX_get_cert_store(SSL_get_SSL_CTX(ssl));
  if (!store || X509_STORE_CTX_init(store.get(), trusted, sk_X509_value(chain, 0), chain) != 1)
    return X509_V_ERR_UNSPECIFIED;
  X509_STORE_CTX_set0_dane(store.get(), SSL_get0_dane(ssl));
  X509_STORE_CTX_set_default(store.get(), "ssl_server");
  X509_VERIFY_PARAM_set1(X509_STORE_CTX_get0_param(store.get()), SSL_get0_param(ssl));
  const bool is_accepted = X509_verify_cert(store.get()) > 0;
  const int error = X509_STORE_CTX_get_error(store.get());
  forget_errors();
  SSL_set_verify_result(ssl, is_accepted ? X509_V_OK : error);
  return is_accepted || error != X509_V_OK ? error : X509_V_ERR_UNSPECIFIED;
}

class Judge final : public ChainJudge {
 public:
  explicit Judge(Time now) : now_(now) {}

  [[nodiscard]] std::optional<std::string> refusal(const Chain& chain, const TlsaRecord& record,
                                                   const std::vector<Name>& names) const override {
    std::vector<std::array<std::uint8_t, 32>> digests;
    for (const auto& one : chain) digests.push_back(one.certificate.sha2_256);
    const auto [place, is_new] = known_.try_emplace({std::move(digests), record, names});
    if (is_new) {
      auto verdict = dane_verdict(chain, {record}, names, now_);
      if (!verdict.matched) place->second = std::move(verdict.refusal);
    }
    return place->second;
  }

 private:
  using Question = std::tuple<std::vector<std::array<std::uint8_t, 32>>, TlsaRecord, std::vector<Name>>;

  Time now_;
  mutable std::map<Question, std::optional<std::string>> known_;
};

}  // namespace

DaneVerdict dane_verdict(const Chain& chain, const TlsaRecords& records, const std::vector<Name>& names,
                         std::optional<Time> now) {
  start_openssl();
  const auto ssl = expectation(records, names, now);
  const auto certificates = certificates_of(chain);
  if (!ssl || !certificates || chain.empty()) {
    forget_errors();
    return {std::nullopt, "OpenSSL cannot check the chain"};
  }
  const int verdict = verify(ssl.get(), certificates.get());
  if (verdict == X509_V_OK) {
    if (auto matched = matched_record(ssl.get())) return {std::move(matched), {}};
    return {std::nullopt, X509_verify_cert_error_string(X509_V_ERR_DANE_NO_MATCH)};
  }
  return {std::nullopt, X509_verify_cert_error_string(verdict)};
}

std::shared_ptr<const ChainJudge> chain_judge(Time now) { return std::make_shared<const Judge>(now); }

}  // namespace tlsa_update::x509
