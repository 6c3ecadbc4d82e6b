/*
 * The other end of every test: one static program that serves, asks, pings and waits.
 *
 *   peer serve PROTO ADDR PORT [PROTO ADDR PORT ...]   prints "ready" when all listen; answers each line or datagram
 *                                                      with "SRCADDR SRCPORT text", and "GET ..." with a page saying so
 *   peer ask PROTO ADDR PORT TIMEOUT_MS TEXT [SRCADDR [SRCPORT]]   prints the answer
 *   peer get ADDR PORT TIMEOUT_MS                      fetches "/" over HTTP, prints the body
 *   peer ping ADDR TIMEOUT_MS
 *   peer pause [PIDFILE]                               reaps what is handed to it until a signal says stop
 *
 * PROTO is tcp or udp; ADDR 0.0.0.0 or :: listens on all addresses of that family. Failures: "OPERATION: ERRNO text" on
 * stderr, exit 1 (3 for no answer in time).
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_SOCKETS 256
#define RESEND_MS 300

union address {
  struct sockaddr any;
  struct sockaddr_in v4;
  struct sockaddr_in6 v6;
};

static _Noreturn void die(const char *what) {
  fprintf(stderr, "%s: %s %s\n", what, strerrorname_np(errno), strerror(errno));
  exit(1);
}

static socklen_t parse(const char *text, const char *port, union address *out) {
  memset(out, 0, sizeof *out);
  if (inet_pton(AF_INET, text, &out->v4.sin_addr) == 1) {
    out->v4.sin_family = AF_INET;
    out->v4.sin_port = htons((unsigned short)atoi(port));
    return sizeof out->v4;
  }
  if (inet_pton(AF_INET6, text, &out->v6.sin6_addr) == 1) {
    out->v6.sin6_family = AF_INET6;
    out->v6.sin6_port = htons((unsigned short)atoi(port));
    return sizeof out->v6;
  }
  fprintf(stderr, "not an address: %s\n", text);
  exit(2);
}

static void show(const union address *from, char *out, size_t size) {
  char text[INET6_ADDRSTRLEN] = "";
  int v6 = from->any.sa_family == AF_INET6;
  inet_ntop(from->any.sa_family, v6 ? (const void *)&from->v6.sin6_addr : (const void *)&from->v4.sin_addr, text, sizeof text);
  snprintf(out, size, "%s %d", text, ntohs(v6 ? from->v6.sin6_port : from->v4.sin_port));
}

static int make_socket(const char *proto, int family) {
  int type = strcmp(proto, "udp") == 0 ? SOCK_DGRAM : SOCK_STREAM;
  int fd = socket(family, type | SOCK_CLOEXEC, 0);
  if (fd < 0) die("socket");
  int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (family == AF_INET6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  return fd;
}

/* --- serve */

static struct pollfd sockets[MAX_SOCKETS];
static char kinds[MAX_SOCKETS]; /* l: listens, u: datagrams, c: connection */
static int count;

static void keep(int fd, char kind) {
  if (count == MAX_SOCKETS) {
    close(fd);
    return;
  }
  sockets[count].fd = fd;
  sockets[count].events = POLLIN;
  kinds[count++] = kind;
}

/* Answers from the address that was asked, which a plain sendto from a wildcard socket would not. */
static void answer_datagram(int fd) {
  char data[2048], control[256], reply[2200], from[64];
  union address peer;
  struct iovec part = {data, sizeof data - 1};
  struct msghdr message = {&peer, sizeof peer, &part, 1, control, sizeof control, 0};
  ssize_t got = recvmsg(fd, &message, 0);
  if (got < 0) return;
  data[got] = 0;
  show(&peer, from, sizeof from);
  part.iov_base = reply;
  part.iov_len = (size_t)snprintf(reply, sizeof reply, "%s %s", from, data);
  struct cmsghdr *head = CMSG_FIRSTHDR(&message);
  if (head && head->cmsg_level == IPPROTO_IP && head->cmsg_type == IP_PKTINFO) {
    struct in_pktinfo *info = (struct in_pktinfo *)CMSG_DATA(head);
    info->ipi_spec_dst = info->ipi_addr;
    info->ipi_ifindex = 0;
  }
  message.msg_flags = 0;
  sendmsg(fd, &message, 0);
}

static int answer_line(int fd) {
  char data[4096], reply[4300], from[64], body[80];
  union address peer;
  socklen_t size = sizeof peer;
  ssize_t got = read(fd, data, sizeof data - 1);
  if (got <= 0 || getpeername(fd, &peer.any, &size) < 0) return -1;
  data[got] = 0;
  show(&peer, from, sizeof from);
  int length;
  int page = strncmp(data, "GET ", 4) == 0;
  if (page) {
    int bytes = snprintf(body, sizeof body, "%s\n", from);
    length = snprintf(reply, sizeof reply,
                      "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", bytes, body);
  } else {
    length = snprintf(reply, sizeof reply, "%s %s", from, data);
  }
  if (write(fd, reply, (size_t)length) != length) return -1;
  return page ? -1 : 0;
}

static void end(int signal) {
  (void)signal;
  _exit(0);
}

static _Noreturn void serve(int argc, char **argv) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  signal(SIGTERM, end); /* the first process of a PID namespace ignores what it does not handle */
  for (int i = 0; i + 2 < argc; i += 3) {
    union address at;
    socklen_t size = parse(argv[i + 1], argv[i + 2], &at);
    int fd = make_socket(argv[i], at.any.sa_family), on = 1;
    int udp = strcmp(argv[i], "udp") == 0;
    if (udp && at.any.sa_family == AF_INET) setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof on);
    if (udp && at.any.sa_family == AF_INET6) setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on);
    if (bind(fd, &at.any, size) < 0) die("bind");
    if (!udp && listen(fd, 64) < 0) die("listen");
    keep(fd, udp ? 'u' : 'l');
  }
  if (write(1, "ready\n", 6) != 6) die("write");
  for (;;) {
    if (poll(sockets, (nfds_t)count, -1) < 0) die("poll");
    for (int i = count - 1; i >= 0; i--) {
      if (!sockets[i].revents) continue;
      if (kinds[i] == 'l') {
        int fd = accept4(sockets[i].fd, NULL, NULL, SOCK_CLOEXEC);
        if (fd >= 0) keep(fd, 'c');
      } else if (kinds[i] == 'u') {
        answer_datagram(sockets[i].fd);
      } else if (answer_line(sockets[i].fd) < 0) {
        close(sockets[i].fd);
        sockets[i] = sockets[--count];
        kinds[i] = kinds[count];
      }
    }
  }
}

/* --- ask, get */

static long now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int is_ready(int fd, short events, long ms) {
  struct pollfd one = {fd, events, 0};
  int ready = poll(&one, 1, ms > 0 ? (int)ms : 0);
  if (ready < 0) die("poll");
  return ready;
}

static void wait_for(int fd, short events, long deadline) {
  if (!is_ready(fd, events, deadline - now_ms())) {
    fprintf(stderr, "no answer: ETIMEDOUT\n");
    exit(3);
  }
}

static int open_connection(const char *proto, const char *address, const char *port, long deadline, char **source) {
  union address to, from;
  socklen_t size = parse(address, port, &to);
  int fd = make_socket(proto, to.any.sa_family);
  if (source[0]) {
    socklen_t length = parse(source[0], source[1] ? source[1] : "0", &from);
    if (bind(fd, &from.any, length) < 0) die("bind");
  }
  long left = deadline - now_ms();
  struct timeval limit = {left / 1000, (left % 1000) * 1000};
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit); /* limits connect(2) too, socket(7) */
  if (connect(fd, &to.any, size) < 0) {
    if (errno == EINPROGRESS) {
      fprintf(stderr, "connect: ETIMEDOUT\n");
      exit(3);
    }
    die("connect");
  }
  return fd;
}

static int ask(int argc, char **argv) {
  if (argc < 5) return 2;
  char *none[] = {NULL, NULL}, data[4096];
  long deadline = now_ms() + atol(argv[3]);
  int fd = open_connection(argv[0], argv[1], argv[2], deadline, argc > 5 ? argv + 5 : none);
  /* A datagram is sent again: the first may be lost while an IPv6 router's address is still tentative. */
  int udp = strcmp(argv[0], "udp") == 0;
  do {
    if (write(fd, argv[4], strlen(argv[4])) < 0) die("write");
  } while (udp && now_ms() + RESEND_MS < deadline && !is_ready(fd, POLLIN, RESEND_MS));
  wait_for(fd, POLLIN, deadline);
  ssize_t got = read(fd, data, sizeof data);
  if (got < 0) die("read");
  if (got == 0) {
    fprintf(stderr, "read: closed without an answer\n");
    return 1;
  }
  return write(1, data, (size_t)got) == got ? 0 : 1;
}

static int get(int argc, char **argv) {
  if (argc < 3) return 2;
  char *none[] = {NULL, NULL}, data[65536], request[256];
  long deadline = now_ms() + atol(argv[2]);
  int fd = open_connection("tcp", argv[0], argv[1], deadline, none);
  int length = snprintf(request, sizeof request, "GET / HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", argv[0]);
  if (write(fd, request, (size_t)length) != length) die("write");
  size_t have = 0;
  for (;;) {
    wait_for(fd, POLLIN, deadline);
    ssize_t got = read(fd, data + have, sizeof data - 1 - have);
    if (got < 0) die("read");
    if (got == 0) break;
    have += (size_t)got;
  }
  data[have] = 0;
  char *body = strstr(data, "\r\n\r\n");
  if (strncmp(data, "HTTP/1.1 200", 12) != 0 || !body) {
    fprintf(stderr, "get: answer is not 200: %.60s\n", data);
    return 1;
  }
  fputs(body + 4, stdout);
  return 0;
}

/* --- ping */

static unsigned short checksum(const unsigned short *words, size_t bytes) {
  unsigned sum = 0;
  for (; bytes > 1; bytes -= 2) sum += *words++;
  sum = (sum >> 16) + (sum & 0xffff);
  return (unsigned short)~(sum + (sum >> 16));
}

static int ping(int argc, char **argv) {
  if (argc < 2) return 2;
  union address to;
  long deadline = now_ms() + atol(argv[1]);
  socklen_t size = parse(argv[0], "0", &to);
  int v6 = to.any.sa_family == AF_INET6;
  int fd = socket(to.any.sa_family, SOCK_RAW | SOCK_CLOEXEC, v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
  if (fd < 0) die("socket");
  if (connect(fd, &to.any, size) < 0) die("connect");
  unsigned short id = (unsigned short)getpid();
  struct icmphdr request = {.type = v6 ? ICMP6_ECHO_REQUEST : ICMP_ECHO};
  request.un.echo.id = id;
  if (!v6) request.checksum = checksum((unsigned short *)&request, sizeof request);
  for (;;) {
    unsigned char data[512];
    do {
      if (send(fd, &request, sizeof request, 0) < 0) die("send");
    } while (now_ms() + RESEND_MS < deadline && !is_ready(fd, POLLIN, RESEND_MS));
    wait_for(fd, POLLIN, deadline);
    ssize_t got = recv(fd, data, sizeof data, 0);
    if (got < 0) die("recv");
    size_t header = v6 ? 0 : (size_t)(data[0] & 15) * 4;
    struct icmphdr *reply = (struct icmphdr *)(data + header);
    if ((size_t)got < header + sizeof *reply) continue;
    if (reply->type == (v6 ? ICMP6_ECHO_REPLY : ICMP_ECHOREPLY) && reply->un.echo.id == id) return 0;
  }
}

/* --- pause */

static int pause_for_ever(int argc, char **argv) {
  sigset_t all;
  sigemptyset(&all);
  sigaddset(&all, SIGTERM);
  sigaddset(&all, SIGINT);
  sigaddset(&all, SIGCHLD);
  sigprocmask(SIG_BLOCK, &all, NULL);
  if (argc > 0) {
    FILE *file = fopen(argv[0], "w");
    if (!file) die("open");
    fprintf(file, "%d\n", getpid());
    fclose(file);
  }
  for (;;) {
    int signal;
    sigwait(&all, &signal);
    if (signal != SIGCHLD) return 0;
    while (waitpid(-1, NULL, WNOHANG) > 0) {
    }
  }
}

int main(int argc, char **argv) {
  signal(SIGPIPE, SIG_IGN);
  const char *verb = argc > 1 ? argv[1] : "pause";
  int rest = argc > 2 ? argc - 2 : 0;
  if (strcmp(verb, "serve") == 0) serve(rest, argv + 2);
  if (strcmp(verb, "ask") == 0) return ask(rest, argv + 2);
  if (strcmp(verb, "get") == 0) return get(rest, argv + 2);
  if (strcmp(verb, "ping") == 0) return ping(rest, argv + 2);
  if (strcmp(verb, "pause") == 0) return pause_for_ever(rest, argv + 2);
  fprintf(stderr, "peer: unknown verb %s\n", verb);
  return 2;
}
