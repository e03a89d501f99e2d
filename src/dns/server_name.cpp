// Servers and transports as the command line writes them.
#include <boost/asio/ip/address.hpp>

#include "tlsa_update/core/ascii.hpp"
#include "tlsa_update/dns/exchange.hpp"

namespace tlsa_update::dns {
namespace {

std::optional<std::uint16_t> parse_port(std::string_view text) {
  const auto port = number_of<std::uint16_t>(text);
  return port == 0 ? std::nullopt : port;
}

bool is_host_name(std::string_view host) {
  auto name = Name::parse(host);
  return name && !name->is_root() && host.find_first_of("@#") == std::string_view::npos;
}

}  // namespace

Result<Transport> parse_transport(std::string_view text) {
  if (text == "tcp") return Transport::tcp;
  if (text == "udp") return Transport::udp;
  if (text == "tls") return Transport::tls;
  return fail(ErrorCode::usage, "\"" + std::string(text) + "\" is no transport", {}, "one of tcp, udp, tls");
}

std::string ServerName::text() const { return host + "@" + std::to_string(port); }

Result<ServerName> parse_server(std::string_view text, std::uint16_t default_port) {
  const std::string whole(text);
  ServerName server{{}, default_port};
  // HOST#PORT is how dig and named write it.
  if (const auto at = text.find_last_of("@#"); at != std::string_view::npos) {
    const auto port = parse_port(text.substr(at + 1));
    if (!port)
      return fail(ErrorCode::usage, std::string("the port after ") + text[at] + " is not 1 to 65535", whole);
    server.port = *port;
    text = text.substr(0, at);
  }
  const bool bracketed = text.size() > 2 && text.front() == '[' && text.back() == ']';
  if (bracketed) text = text.substr(1, text.size() - 2);
  server.host = text;
  boost::system::error_code error;
  boost::asio::ip::make_address(server.host, error);
  if (!error) return server;
  // A colon makes no host name: most likely HOST:PORT, or an IPv6 address that is none.
  if (bracketed || text.find(':') != std::string_view::npos)
    return fail(ErrorCode::usage, "not an address", whole,
                "write HOST@PORT; IPv6 addresses need no brackets");
  if (!is_host_name(text)) return fail(ErrorCode::usage, "not a host name or address", whole);
  return server;
}

}  // namespace tlsa_update::dns
