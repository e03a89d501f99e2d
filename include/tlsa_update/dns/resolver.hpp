// The stub resolver (--resolver, else /etc/resolv.conf): addresses of hosts, MX and SRV. Notes the AD bit and
// whether it may be believed. Never used to read the zone that is updated.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/address.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "tlsa_update/core/dnssec.hpp"
#include "tlsa_update/core/service.hpp"
#include "tlsa_update/core/zone_view.hpp"
#include "tlsa_update/dns/exchange.hpp"

namespace tlsa_update::dns {

using tlsa_update::Dnssec;

// How long a resolver is waited for.
enum class Effort {
  usual,
  little,  // one second and one retry: for questions that can do without an answer
};

struct ResolverOptions {
  std::vector<ServerName> servers;  // --resolver; empty: resolv.conf
  std::string resolv_conf = "/etc/resolv.conf";
  std::chrono::milliseconds timeout{5000};
  int retries = 2;
  Family family = Family::any;  // of all addresses that are looked up; a literal is taken as it stands
};

struct Addresses {
  std::vector<boost::asio::ip::address> addresses;
  bool both_families_answered = false;  // A and AAAA, or the one that counts: an answer or a proper NODATA
  std::vector<Name> aliases;            // CNAMEs passed, last is the final name
  Dnssec dnssec = Dnssec::unknown;
  bool has_others = false;  // of a family that does not count
};

// A TLSA RRset as clients of a resolver get it.
struct ResolvedTlsa {
  std::optional<ResolvedRrset> answer;  // nothing: bogus
  Dnssec dnssec = Dnssec::unknown;
};

// What a name of the command line stands for (RFC 7672 section 2.2, RFC 7673 section 3.3).
struct Expansion {
  std::vector<Service> services;
  Dnssec dnssec = Dnssec::unknown;  // of the MX or SRV RRset itself
  std::vector<std::string> notes;   // "null MX: no mail", "MX host mx.example is a CNAME"
};

class Resolver {
 public:
  Resolver(boost::asio::any_io_executor executor, ResolverOptions options);
  ~Resolver();

  // Errors of all: no_answer (silence, SERVFAIL, a refusal; says so when the data is bogus), protocol
  // (malformed records), bad_data (more than 8 CNAMEs in a row). Their topic is silence if nobody answered.

  // A and AAAA at the end of the CNAMEs, each once. A host that does not exist has none.
  [[nodiscard]] boost::asio::awaitable<Result<Addresses>> addresses(Name host, Effort effort = Effort::usual);
  // Where a server of ours is (--server, --nameserver, --from-server): the literal itself, else by
  // --resolver, and without one by the system, where /etc/hosts applies. At least one. Errors: no_answer also
  // where there is none.
  [[nodiscard]] boost::asio::awaitable<Result<HostAddresses>> addresses_of_server(std::string host);
  // By preference, each host once. Error bad_data also: the domain does not exist, over 100 hosts.
  [[nodiscard]] boost::asio::awaitable<Result<Expansion>> expand_mx(MxName mx);
  // By priority, each target and port once. Error bad_data also: no such record, over 100 targets.
  [[nodiscard]] boost::asio::awaitable<Result<Expansion>> expand_srv(SrvName srv);
  // The SOA MNAME of the zone that encloses `owner`, never that of a zone behind a CNAME.
  [[nodiscard]] boost::asio::awaitable<Result<Name>> primary_of(Name owner);

  // The DS records at the parent of `zone`; none: it is delegated insecurely, or not at all. Error no_answer
  // also where a server of the zone itself answers: what its parent says it does not know (RFC 4035 section
  // 3.1.4.1).
  [[nodiscard]] boost::asio::awaitable<Result<std::vector<Record>>> ds_of(Name zone);

  // The apex of the zone that has `name`, as the SOA record of an answer says; none where there is no answer.
  [[nodiscard]] boost::asio::awaitable<std::optional<Name>> zone_of(Name name);
  // The targets of the NS records of `zone`, sorted, as clients of the resolver get them; none where it does
  // not answer.
  [[nodiscard]] boost::asio::awaitable<std::vector<Name>> name_servers(Name zone);
  // Addresses of the servers of the zone above the apex `zone`, which know its delegation; none where they
  // cannot be found. Never takes much longer than two seconds for a question; asks once for all zones below
  // one parent.
  [[nodiscard]] boost::asio::awaitable<std::vector<boost::asio::ip::address>> servers_above(Name zone);
  // Drops what servers_above() has remembered.
  void forget_parents();

  // The TLSA RRset of `asked` at whatever end of aliases, and whether it is secure, as verdict() has it.
  [[nodiscard]] boost::asio::awaitable<Result<ResolvedTlsa>> tlsa(Name asked);

  // Is this RRset secure, by the AD bit of a resolver that may be trusted (loopback, or options trust-ad)?
  // bogus is SERVFAIL that CD=1 turns into an answer; unknown: no resolver that answers may be trusted.
  [[nodiscard]] boost::asio::awaitable<Result<Dnssec>> verdict(Question question);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tlsa_update::dns
