#include "trust.hpp"

#include "tlsa_update/dns/delegation.hpp"

namespace tlsa_update::doctor {
namespace {

constexpr const char* check = "chain-of-trust";

// What the registrar is to be given, ready to be pasted.
std::string wanted_ds(const std::vector<dns::Record>& dnskeys) {
  std::string all;
  for (const auto& ds : dns::ds_for(dnskeys)) all += (all.empty() ? "" : "; ") + dns::ds_text(ds);
  return all.empty() ? "the DS record of its key (dnssec-dsfromkey, keymgr ds)" : all;
}

class Judge {
 public:
  Judge(const Name& apex, const Trust& trust) : apex_(apex.text()), trust_(trust) {}

  [[nodiscard]] report::Check judge() const {
    if (!trust_.ds) return without_ds_known();
    if (trust_.ds->empty()) return without_ds();
    if (!trust_.dnskeys.empty() && !dns::leads_to(*trust_.ds, trust_.dnskeys)) {
      return fail(ErrorCode::unsafe,
                  "no DS record at the parent is of a key of the zone, so it is bogus to all who validate",
                  "have the registrar publish " + wanted_ds(trust_.dnskeys));
    }
    return with_ds();
  }

 private:
  [[nodiscard]] report::Check pass(const std::string& what, const std::string& advice = {}) const {
    return {check, true, apex_ + what, advice};
  }
  [[nodiscard]] report::Check fail(ErrorCode code, const std::string& what, const std::string& advice) const {
    return {check, false, apex_ + ": " + what, advice, code};
  }
  [[nodiscard]] std::string whose_word() const { return trust_.by_anchor ? "--trust-anchor" : "AD"; }

  [[nodiscard]] report::Check bogus() const {
    return fail(
        ErrorCode::unsafe, "validation fails: it is bogus (" + whose_word() + ")",
        "look at its DNSKEY and RRSIG records at every server: are they there, and have they expired?");
  }

  [[nodiscard]] report::Check with_ds() const {
    switch (trust_.verdict) {
      case dns::Dnssec::secure:
        return pass(" is secure (" + whose_word() + "): its parent publishes a DS record of its key");
      case dns::Dnssec::bogus:
        return bogus();
      case dns::Dnssec::insecure:
        return fail(
            ErrorCode::differences,
            "its parent publishes a DS record of its key, but is not secure itself (" + whose_word() + ")",
            "a DS record is missing further up; until it is there, no client uses the TLSA records");
      case dns::Dnssec::unknown:
        break;
    }
    return pass(": its parent publishes a DS record of its key; no resolver that may be trusted tells more",
                "name one on this machine with --resolver, or the root's keys with --trust-anchor");
  }

  [[nodiscard]] report::Check without_ds() const {
    if (trust_.verdict == dns::Dnssec::bogus) return bogus();
    if (trust_.verdict == dns::Dnssec::secure) {
      return pass(
          " is secure (" + whose_word() + ") by a trust anchor of its own: its parent publishes no DS record",
          "for clients elsewhere have the registrar publish " + wanted_ds(trust_.dnskeys));
    }
    return fail(
        ErrorCode::differences,
        "the zone is signed, but its parent publishes no DS record, and no client uses its TLSA records",
        "have the registrar publish " + wanted_ds(trust_.dnskeys));
  }

  [[nodiscard]] report::Check without_ds_known() const {
    const std::string untold = "the parent's DS record could not be asked for: " + trust_.ds.error().what;
    switch (trust_.verdict) {
      case dns::Dnssec::secure:
        return pass(" is secure (" + whose_word() + "); " + untold);
      case dns::Dnssec::bogus:
        return bogus();
      case dns::Dnssec::insecure:
        return fail(ErrorCode::differences,
                    "the zone is signed, but not secure (" + whose_word() + "); " + untold,
                    "have the registrar publish " + wanted_ds(trust_.dnskeys));
      case dns::Dnssec::unknown:
        break;
    }
    return pass(": no resolver that may be trusted has told; " + untold,
                "name one on this machine with --resolver, or the root's keys with --trust-anchor");
  }

  std::string apex_;
  const Trust& trust_;
};

}  // namespace

report::Check judge_trust(const Name& apex, const Trust& trust) { return Judge(apex, trust).judge(); }

}  // namespace tlsa_update::doctor
