#include "update_error.hpp"

namespace tlsa_update::dns {
namespace {

constexpr std::size_t longest_command = 500;  // octets: a certificate in hex does not fit into a message
constexpr const char* unchanged_yet =
    "the records are unchanged now, but the server may still apply it: look again later";
constexpr const char* other_view =
    "with --no-sign-queries another view than the one that the key updates may answer: leave that option out";

void advise(Error& error, const std::string& more) {
  error.advice += error.advice.empty() ? more : "; " + more;
}

// pdnsutil(1): the name is relative to the zone, whatever it ends in.
std::string replace_rrset(const RrsetChange& change, const UpdatedAt& at) {
  auto name = change.owner.text();
  name = change.owner == at.zone ? "@" : name.substr(0, name.size() - at.zone.text().size() - 1);
  std::string command = "pdnsutil replace-rrset " + at.zone.host_text() + " " + name + " TLSA";
  auto whole = command;
  if (change.observed) {
    whole += " " + std::to_string(change.observed->ttl);
    for (const auto& record : change.observed->records) whole += " '" + record.text() + "'";
  }
  return whole.size() > longest_command ? command + " TTL 'RDATA'..." : whole;
}

}  // namespace

Error disproved(const RrsetChange& change, const Seen& seen, const UpdatedAt& at) {
  return {ErrorCode::protocol,
          "the server accepted the change of TLSA at " + change.owner.text() +
              (seen.effect == Effect::unchanged ? ", but its answers have not changed"
                                                : ", but answers something else"),
          at.server,
          (at.reads_signed ? "" : other_view + std::string("; else ")) +
              "see the log of the server: a policy there, or another writer, may have undone it"};
}

Error not_seen_at_forwarder(const RrsetChange& change, const UpdatedAt& at) {
  return {ErrorCode::protocol,
          "the server accepted the change of TLSA at " + change.owner.text() +
              ", but it is not seen there: forwarded to the zone's primary?",
          at.server, "run again later, or name the primary with --server"};
}

Error unreadable(Error error) {
  error.what = "the server accepted the change, but reading it back failed: " + error.what;
  return error;
}

Error compares_other_data(const RrsetChange& change, const UpdatedAt& at) {
  const bool expects_records = change.observed.has_value();
  Error error{ErrorCode::protocol,
              std::string(expects_records ? "NXRRSET" : "YXRRSET") + ": the server denies that TLSA at " +
                  change.owner.text() + (expects_records ? " is what" : " is absent, which is what") +
                  " it answers itself, so it compares the prerequisite with other data than it answers",
              at.server,
              {}};
  if (!at.reads_signed) advise(error, other_view);
  if (expects_records) {
    advise(error,
           "PowerDNS stores records as text: hex in two chunks (as dig prints it) or a record stored twice "
           "equals no prerequisite, and this cures it: " +
               replace_rrset(change, at));
  }
  advise(error,
         "a secondary that forwards updates and has not followed its primary yet: name the primary with "
         "--server");
  if (at.reads_signed) advise(error, "else see the log of the server");
  return error;
}

Error never_answered(std::optional<Error> error, const UpdatedAt& at) {
  Error result = error.value_or(Error{ErrorCode::no_answer, "no answer to the UPDATE", at.server, ""});
  advise(result, unchanged_yet);
  return result;
}

Error doubtful(Error error, const Result<Seen>& seen) {
  if (!seen) {
    advise(error, "whether the change has been made could not be read back: look again later");
  } else if (seen->effect == Effect::applied) {
    advise(error, "the change has been made all the same");
  } else if (error.code != ErrorCode::refused) {
    advise(error, unchanged_yet);
  }
  return error;
}

}  // namespace tlsa_update::dns
