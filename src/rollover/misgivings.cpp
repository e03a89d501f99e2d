#include "misgivings.hpp"

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <map>
#include <memory>

#include "tlsa_update/core/count.hpp"
#include "tlsa_update/core/pasted.hpp"

namespace tlsa_update::rollover {
namespace {

namespace asio = boost::asio;
using asio::awaitable;
using Addresses = std::vector<asio::ip::address>;

struct Place {
  const ZoneView* zone;
  const Sources::Zone* source;
  const OwnerView* view;
};
using Places = std::map<Name, Place>;  // by the name asked

Places places_of(const Facts& facts, const Sources& sources) {
  Places places;
  for (std::size_t i = 0; i < facts.zones.size(); ++i) {
    for (const auto& view : facts.zones[i].owners)
      places.emplace(view.asked, Place{&facts.zones[i], &sources.zones[i], &view});
  }
  return places;
}

// --- Records that are nowhere

struct Sought {
  std::vector<const OwnerView*> views;
  bool is_all = true;  // each of the owners was read
};

const TlsaRecords& published(const OwnerView& view) {
  static const TlsaRecords nothing;
  return view.rrset ? view.rrset->records : nothing;
}

bool is_at_any(const TlsaRecord& record, const Sought& sought) {
  return std::ranges::any_of(sought.views, [&](const OwnerView* view) {
    return std::ranges::find(published(*view), record) != published(*view).end();
  });
}

std::string where(const Sought& sought) {
  const std::string first = sought.views.empty() ? "any of the names" : sought.views.front()->asked.text();
  if (sought.views.size() < 2) return first;
  return first + " and " + count(sought.views.size() - 1, "other name");
}

std::string likeness(const TlsaRecord& record, const Sought& sought) {
  for (const auto* view : sought.views) {
    for (const auto& there : published(*view)) {
      if (resembles(record, there))
        return ": " + printable(there.text(), 160) + " is there, which is kept because it is so like it";
    }
  }
  return {};
}

void seek(const WantedService& service, const Places& places, Sought& sought) {
  for (const auto& asked : service.owners) {
    const auto place = places.find(asked.owner);
    if (place != places.end()) sought.views.push_back(place->second.view);
    sought.is_all = sought.is_all && place != places.end();
  }
}

// What stands at the top of the file is meant for some service, not for each of them.
void warn_of_keep(const Wants& wants, const Places& places, Events& events) {
  std::map<TlsaRecord, Sought> kept;
  for (const auto& service : wants.services) {
    for (const auto& record : service.settings->keep) seek(service, places, kept[record]);
  }
  for (const auto& [record, sought] : kept) {
    if (!sought.is_all || is_at_any(record, sought)) continue;
    events.warning("keep " + printable(record.text(), 160) + " matches no record at " + where(sought) +
                   likeness(record, sought) + "; check whether it is mistyped");
  }
}

void warn_of_adopt(const std::vector<RecordAt>& adopt, const Wants& wants, const Places& places,
                   Events& events) {
  Sought all;
  for (const auto& service : wants.services) seek(service, places, all);
  for (const auto& adopted : adopt) {
    Sought sought = all;
    if (adopted.owner) {
      std::erase_if(sought.views, [&](const OwnerView* view) {
        return view->asked != *adopted.owner && view->owner != *adopted.owner;
      });
    }
    if (!sought.is_all || is_at_any(adopted.record, sought)) continue;
    const std::string at =
        sought.views.empty() ? adopted.owner->text() + ", which this run is not about" : where(sought);
    events.warning("--adopt " + printable(adopted.record.text(), 160) + " matches no record at " + at +
                   ": nothing is adopted by it; status shows what is there");
  }
}

// --- Mail domains

struct Question {
  const AskedOwner* asked;
  dns::Exchange* primary;
};

bool has_answered(const Service& service, const Facts& facts) {
  return std::ranges::any_of(facts.evidence, [&](const ServiceEvidence& evidence) {
    return evidence.service == service &&
           std::ranges::any_of(evidence.presented, [](const Presented& presented) {
             return presented.outcome != ProbeOutcome::unreachable;
           });
  });
}

// Where records are, somebody uses them; where many names were read at once, nobody typed them.
std::vector<Question> questions(const Wants& wants, const Facts& facts, const Places& places) {
  std::vector<Question> all;
  for (const auto& service : wants.services) {
    for (const auto& asked : service.owners) {
      const auto place = places.find(asked.owner);
      if (place == places.end() || !asked.service || asked.source_domain) continue;
      const auto& [zone, source, view] = place->second;
      if (asked.service->port != smtp_port || asked.service->protocol != Protocol::tcp) continue;
      if (view->rrset || source->transferred_records > 0 || has_answered(*asked.service, facts)) continue;
      if (asked.service->host.is_at_or_below(zone->apex)) all.push_back({&asked, source->primary});
    }
  }
  return all;
}

awaitable<bool> accepts_connections(asio::ip::address address, std::chrono::milliseconds timeout) {
  const auto executor = co_await asio::this_coro::executor;
  const auto socket = std::make_shared<asio::ip::tcp::socket>(executor);
  asio::steady_timer deadline(executor, timeout);
  deadline.async_wait([socket](const boost::system::error_code& error) {
    boost::system::error_code ignored;
    if (!error) static_cast<void>(socket->close(ignored));
  });
  boost::system::error_code error;
  const asio::ip::tcp::endpoint endpoint(address, smtp_port);
  co_await socket->async_connect(endpoint, asio::redirect_error(asio::use_awaitable, error));
  co_return !error;
}

awaitable<Addresses> addresses_of(const Question& question) {
  if (!question.asked->settings->addresses.empty()) co_return question.asked->settings->addresses;
  Addresses all;
  for (const auto family : {dns::type::a, dns::type::aaaa}) {
    const auto found = co_await dns::addresses_at(*question.primary, question.asked->service->host, family);
    if (found) all.insert(all.end(), found->begin(), found->end());
  }
  co_return all;
}

// RFC 7672 section 2.2.1: senders look at the MX hosts, and at the domain itself only where there is no MX.
awaitable<std::string> doubt(const Question& question, std::chrono::milliseconds timeout) {
  const Name domain = question.asked->service->host;
  const auto hosts = co_await dns::mail_hosts_at(*question.primary, domain);
  if (!hosts || hosts->empty() || std::ranges::find(*hosts, domain) != hosts->end()) co_return std::string{};
  const auto addresses = co_await addresses_of(question);
  for (const auto& address : addresses) {
    if (co_await accepts_connections(address, timeout)) co_return std::string{};
  }
  co_return domain.host_text() + " has MX records, and nothing answers at its own port 25: senders look at " +
      hosts->front().host_text() + ":25; did you mean mx:" + domain.host_text() + "?";
}

void warn_of_mail_domains(Session& session, const Wants& wants, const Facts& facts, const Places& places) {
  const auto all = questions(wants, facts, places);
  if (all.empty()) return;
  std::vector<awaitable<std::string>> jobs;
  jobs.reserve(all.size());
  for (const auto& question : all) jobs.push_back(doubt(question, session.request().timeout));
  for (const auto& text : session.run_all(std::move(jobs))) {
    if (!text.empty()) session.events().warning(text);
  }
}

}  // namespace

void warn_of_mistakes(Session& session, const Wants& wants, const Facts& facts, const Sources& sources) {
  const auto places = places_of(facts, sources);
  warn_of_keep(wants, places, session.events());
  warn_of_adopt(session.request().adopt, wants, places, session.events());
  warn_of_mail_domains(session, wants, facts, places);
}

}  // namespace tlsa_update::rollover
