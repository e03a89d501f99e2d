#include <algorithm>

#include "tls_client.hpp"
#include "tlsa_update/core/ascii.hpp"
#include "tlsa_update/probe/endpoint.hpp"

namespace tlsa_update::probe {
namespace {

namespace asio = boost::asio;

// A host that is an address is asked without a name: RFC 6066 section 3 has no addresses in SNI.
Result<ProbeRequest> request_for(const LiveServer& server, const std::vector<asio::ip::address>& addresses) {
  ProbeRequest request;
  request.service.port = server.port;
  for (const auto& address : addresses) request.addresses.push_back({address, server.port});
  boost::system::error_code error;
  static_cast<void>(asio::ip::make_address(server.host, error));
  if (!error) return request;
  auto host = Name::parse(server.host);
  if (!host) return tl::unexpected(host.error());
  request.service.host = *host;
  return request;
}

std::string trouble(const Presented& presented) {
  return presented.address + " (" + std::string(text(presented.key_type)) + "): " + presented.detail;
}

void collect(const Presented& presented, const std::string& source, ServedCredentials& served) {
  if (presented.outcome != ProbeOutcome::served) {
    if (presented.outcome != ProbeOutcome::not_offered) served.notes.push_back(trouble(presented));
    return;
  }
  const bool is_known =
      std::ranges::find(served.credentials, presented.chain, &Credential::chain) != served.credentials.end();
  if (!is_known) {
    served.credentials.push_back(Credential{source, presented.chain, std::nullopt, presented.key_type});
  }
}

// An IPv4 address, or an IPv6 address in brackets.
bool is_address(std::string_view host) {
  boost::system::error_code error;
  if (host.starts_with('[') && host.ends_with(']')) {
    static_cast<void>(asio::ip::make_address_v6(std::string(host.substr(1, host.size() - 2)), error));
  } else {
    static_cast<void>(asio::ip::make_address_v4(std::string(host), error));
  }
  return !error;
}

std::optional<std::uint16_t> port_number(std::string_view digits) {
  const auto port = number_of<std::uint16_t>(digits);
  return port == 0 ? std::nullopt : port;
}

}  // namespace

std::string LiveServer::text() const {
  const bool is_v6 = host.find(':') != std::string::npos;
  return (is_v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<LiveServer> parse_live_server(std::string_view text) {
  const auto colon = text.rfind(':');
  const auto host = text.substr(0, colon);
  if (colon != std::string_view::npos && is_address(host)) {
    const auto port = port_number(text.substr(colon + 1));
    const auto bare = host.starts_with('[') ? host.substr(1, host.size() - 2) : host;
    if (port) return LiveServer{std::string(bare), *port};
  } else if (const auto targets = parse_target(text); targets && targets->size() == 1) {
    const auto* const service = std::get_if<Service>(&targets->front());
    if (service != nullptr && service->protocol == Protocol::tcp) {
      return LiveServer{tls_name(service->host), service->port};
    }
  }
  return fail(ErrorCode::usage, "\"" + std::string(text) + "\" is not HOST:PORT", "--from-server",
              "give one host name or address (IPv6 in brackets) and one TCP port");
}

asio::awaitable<Result<ServedCredentials>> from_server(LiveServer server,
                                                       std::vector<asio::ip::address> addresses,
                                                       StartTls starttls, std::chrono::milliseconds timeout) {
  auto request = request_for(server, addresses);
  if (!request) co_return tl::unexpected(request.error());
  request->starttls = starttls;
  request->timeout = timeout;
  const auto evidence = co_await probe(std::move(*request));
  ServedCredentials served;
  for (const auto& presented : evidence.presented) collect(presented, "server:" + server.text(), served);
  if (!served.credentials.empty()) co_return served;
  std::string why = "presents no chain";
  for (const auto& note : served.notes) why += "; " + note;
  co_return fail(ErrorCode::no_answer, why, server.text());
}

}  // namespace tlsa_update::probe
