#include "socket_trouble.hpp"

#include <cctype>
#include <cerrno>
#include <string>
#include <sys/socket.h>

#include "no_route.hpp"
#include "tlsa_update/core/ascii.hpp"

namespace tlsa_update::dns {

tl::unexpected<Error> fail_socket(const boost::system::error_code& error) {
  if (error == boost::asio::error::eof) return fail(ErrorCode::no_answer, "the server closed the connection");
  std::string what = error.message();  // "Connection refused"
  if (!what.empty()) what[0] = lower(what[0]);
  return fail(ErrorCode::no_answer, what);
}

Error unreached(const boost::system::error_code& error, const boost::asio::ip::address& peer) {
  auto trouble = fail_socket(error).value();
  trouble.advice = advice_without_route(error, peer);
  return trouble;
}

bool end_of_stream(int socket) noexcept {
  char octet = 0;
  const auto got = recv(socket, &octet, 1, MSG_PEEK | MSG_DONTWAIT);
  return got == 0 || (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
}

}  // namespace tlsa_update::dns
