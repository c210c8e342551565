/*
 * mutate.c - sends broken SIP messages and garbage sound to a live server, and asks whether it still answers.
 *
 *	mutate sip ADDRESS PORT COUNT SEED RATE TCP DIR...   COUNT messages made from the files in DIR and from a few of
 *its own, RATE a second, the last TCP of them over TCP in pieces mutate rtp ADDRESS LOW HIGH COUNT SEED COUNT packets
 *to the ports LOW to HIGH mutate options ADDRESS PORT MS                       OPTIONS; 0 if 200 comes within MS
 *
 * The same seed sends the same bytes. Files that begin with "v=" are descriptions (SDP) and travel in an INVITE.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { SEEDS = 2048, MAX = 9000 };
struct text {
	uint8_t *p;
	size_t l;
};
struct msg {
	size_t l;
	uint8_t p[MAX + 1];
};
static struct text seeds[SEEDS];
static size_t nseeds;
static uint64_t state;

static uint32_t rnd(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return below ? (uint32_t)(state >> 20) % below : 0;
}

static uint64_t now_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* ------------------------------------------------------------------ seeds */

static void add_seed(const uint8_t *p, size_t l)
{
	if (nseeds == SEEDS || !l)
		return;
	seeds[nseeds].p = malloc(l);
	if (!seeds[nseeds].p)
		exit(1);
	memcpy(seeds[nseeds].p, p, l);
	seeds[nseeds++].l = l;
}

/* A request of our own to `user`; branch and Call-ID are made new when it is sent. */
static void add_request(const char *method, const char *user, const char *more, const uint8_t *body, size_t l)
{
	uint8_t m[MAX];
	int n = snprintf(
		(char *)m, sizeof(m),
		"%s sip:%s@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.9:5099;branch=z9hG4bKxxxxxxxxxx;rport\r\n"
		"Max-Forwards: 70\r\nFrom: \"A\" <sip:100@127.0.0.1>;tag=xxxxxx\r\nTo: <sip:%s@127.0.0.1>\r\nCall-ID: "
		"xxxxxxxxxx\r\n"
		"CSeq: 1 %s\r\nContact: <sip:100@127.0.0.9:5099>\r\n%s%sContent-Length: %zu\r\n\r\n",
		method, user, user, method, more, l ? "Content-Type: application/sdp\r\n" : "", l);

	if (n < 0 || (size_t)n + l > MAX)
		return;
	if (l)
		memcpy(m + n, body, l);
	add_seed(m, (size_t)n + l);
}

static void add_own(void)
{
	static const char sdp[] = "v=0\r\no=- 1 1 IN IP4 127.0.0.9\r\ns=-\r\nc=IN IP4 127.0.0.9\r\nt=0 0\r\nm=audio "
				  "6000 RTP/AVP 0 8 101\r\n"
				  "a=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\n";
	static const char *const methods[] = {"OPTIONS",   "REGISTER", "BYE",    "CANCEL", "INFO",
					      "SUBSCRIBE", "MESSAGE",  "UPDATE", "ACK",    "PRACK"};

	for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++)
		add_request(methods[i], "100", "Expires: 60\r\n", NULL, 0);
	for (int i = 0; i < 20; i++) {
		add_request("INVITE", i % 2 ? "*43" : "100", "Supported: replaces, timer\r\n", (const uint8_t *)sdp,
			    sizeof(sdp) - 1);
		add_request("INVITE", i % 2 ? "*43" : "101", "", NULL, 0);
	}
}

static void read_dir(const char *path)
{
	struct dirent **v;
	char name[1024];
	uint8_t p[MAX];
	int n = scandir(path, &v, NULL, alphasort);

	if (n < 0) {
		perror(path);
		exit(2);
	}
	for (int i = 0; i < n; i++) {
		int len = snprintf(name, sizeof(name), "%s/%s", path, v[i]->d_name);
		FILE *f = v[i]->d_name[0] != '.' && len > 0 && (size_t)len < sizeof(name) ? fopen(name, "rb") : NULL;

		free(v[i]);
		if (!f)
			continue;
		size_t l = fread(p, 1, 6000, f);
		(void)fclose(f);
		if (l >= 2 && !memcmp(p, "v=", 2))
			add_request("INVITE", "*43", "", p, l);
		else
			add_seed(p, l);
	}
	free(v);
}

/* ------------------------------------------------------------------ mutations */

static void replace(struct msg *m, size_t at, size_t cut, const void *p, size_t l)
{
	if (at > m->l || cut > m->l - at || m->l - cut + l > MAX)
		return;
	memmove(m->p + at + l, m->p + at + cut, m->l - at - cut);
	memcpy(m->p + at, p, l);
	m->l += l - cut;
}

/* A line at random: its start and its length with the end of line. */
static size_t line(const struct msg *m, size_t *len)
{
	size_t s = rnd((uint32_t)m->l), e = s;

	while (s > 0 && m->p[s - 1] != '\n')
		s--;
	while (e < m->l && m->p[e] != '\n')
		e++;
	*len = e - s + (e < m->l);
	return s;
}

static void number(struct msg *m)
{
	static const char *const v[] = {"99999999999999999999999",
					"4294967296",
					"4294967295",
					"2147483648",
					"-1",
					"0",
					"65536",
					"00000000001",
					""};
	const char *s = v[rnd(sizeof(v) / sizeof(*v))];
	size_t at = rnd((uint32_t)m->l), n = 0;

	while (at < m->l && (m->p[at] < '0' || m->p[at] > '9'))
		at++;
	while (at + n < m->l && m->p[at + n] >= '0' && m->p[at + n] <= '9')
		n++;
	replace(m, at, n, s, strlen(s));
}

/* Two header lines change their names. */
static void swap_names(struct msg *m)
{
	uint8_t name[256];
	size_t la, lb, a = line(m, &la), b = line(m, &lb);
	const uint8_t *ca = memchr(m->p + a, ':', la), *cb = memchr(m->p + b, ':', lb);

	if (!ca || !cb || a == b)
		return;
	size_t n = (size_t)(ca - (m->p + a));
	if (n > sizeof(name))
		return;
	memcpy(name, m->p + a, n);
	replace(m, b, (size_t)(cb - (m->p + b)), name, n);
}

static void mutate(struct msg *m)
{
	static const char special[] = "\0\r\n\t %<>\";,@:=()[]\\\x7f\xff\xc3";
	uint8_t copy[MAX];
	size_t at = rnd((uint32_t)m->l), l, n;

	switch (rnd(12)) {
	case 0:
		m->p[at] ^= (uint8_t)(1u << rnd(8));
		break;
	case 1:
		m->p[at] = (uint8_t)rnd(256);
		break;
	case 2:
		m->l = at + 1;
		break;
	case 3:
		replace(m, at, rnd((uint32_t)(m->l - at)), "", 0);
		break;
	case 4: /* a line twice, or very often */
		at = line(m, &l);
		memcpy(copy, m->p + at, l);
		for (n = rnd(8) ? 1 : rnd(60); n; n--)
			replace(m, at, 0, copy, l);
		break;
	case 5:
		at = line(m, &l);
		replace(m, at, l, "", 0);
		break;
	case 6: /* a line elsewhere */
		at = line(m, &l);
		memcpy(copy, m->p + at, l);
		replace(m, at, l, "", 0);
		if (m->l)
			replace(m, line(m, &n), 0, copy, l);
		break;
	case 7:
		number(m);
		break;
	case 8:
		swap_names(m);
		break;
	case 9:
		replace(m, at, rnd(2), special + rnd(sizeof(special) - 1), 1);
		break;
	case 10: /* a long word */
		n = rnd(2000);
		memset(copy, 'a' + (int)rnd(26), n);
		replace(m, at, 0, copy, n);
		break;
	default: { /* the end of another message */
		const struct text *o = &seeds[rnd((uint32_t)nseeds)];
		size_t from = rnd((uint32_t)o->l);

		replace(m, at, m->l - at, o->p + from, o->l - from);
		break;
	}
	}
	if (!m->l)
		m->p[m->l++] = 'x';
}

static void fresh(struct msg *m, const char *key)
{
	size_t k = strlen(key);

	for (size_t i = 0; i + k < m->l; i++) {
		if (strncasecmp((const char *)m->p + i, key, k))
			continue;
		for (i += k; i < m->l && (m->p[i] == ' ' || m->p[i] > '-') && m->p[i] != ';' && m->p[i] != '@'; i++)
			if (m->p[i] != ' ')
				m->p[i] = (uint8_t)('a' + rnd(26));
	}
}

/* Most messages are their own transaction and dialog, or the server would only see repetitions. */
static void make(struct msg *m)
{
	const struct text *s = &seeds[rnd((uint32_t)nseeds)];

	memcpy(m->p, s->p, s->l);
	m->l = s->l;
	if (rnd(10)) {
		fresh(m, "z9hG4bK");
		fresh(m, "\nCall-ID:");
	}
	for (uint32_t n = rnd(5); n; n--)
		mutate(m);
}

/* ------------------------------------------------------------------ sending */

static struct sockaddr_in address(const char *host, const char *port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};

	if (inet_pton(AF_INET, host, &a.sin_addr) != 1 || strncmp(host, "127.", 4)) {
		fprintf(stderr, "mutate: %s: only addresses of this machine\n", host);
		exit(2);
	}
	return a;
}

static int open_socket(int type, uint16_t port, const struct sockaddr_in *to)
{
	struct sockaddr_in from = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = socket(AF_INET, type, 0), one = 1;

	(void)inet_pton(AF_INET, "127.0.0.9", &from.sin_addr);
	if (fd < 0 || bind(fd, (struct sockaddr *)&from, sizeof(from)) ||
	    connect(fd, (const struct sockaddr *)to, sizeof(*to))) {
		perror("mutate: socket");
		exit(1);
	}
	if (type == SOCK_STREAM)
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	(void)fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}

/* Read and forget what the server says. False when it closed the connection. */
static bool drain(int fd)
{
	uint8_t b[65536];
	ssize_t n;

	while ((n = recv(fd, b, sizeof(b), MSG_DONTWAIT)) > 0)
		;
	return n != 0;
}

static void pace(uint64_t start, uint32_t sent, uint32_t rate)
{
	uint64_t due = start + (uint64_t)sent * 1000000 / rate, t = now_us();

	if (t < due)
		(void)usleep((useconds_t)(due - t));
}

/* In pieces of any length, over connections that are used for a few messages. */
static bool send_pieces(int *fd, const struct sockaddr_in *to, const struct msg *m)
{
	for (size_t at = 0; at < m->l;) {
		size_t n = 1 + rnd(rnd(4) ? 600 : 20);
		ssize_t w = send(*fd, m->p + at, n < m->l - at ? n : m->l - at, MSG_NOSIGNAL);

		if (w < 0) {
			struct pollfd p = {.fd = *fd, .events = POLLOUT};

			if (!drain(*fd) || poll(&p, 1, 200) <= 0 || p.revents & (POLLERR | POLLHUP))
				break;
			continue;
		}
		at += (size_t)w;
	}
	if (drain(*fd) && rnd(20))
		return true;
	(void)close(*fd);
	*fd = open_socket(SOCK_STREAM, 0, to);
	return false;
}

static int run_sip(int argc, char **argv)
{
	struct sockaddr_in to = address(argv[2], argv[3]);
	uint32_t count = (uint32_t)atoi(argv[4]), rate = (uint32_t)atoi(argv[6]), tcp = (uint32_t)atoi(argv[7]);
	static struct msg m;
	uint32_t closed = 0;

	state = strtoull(argv[5], NULL, 10) * 0x9e3779b97f4a7c15u | 1;
	for (int i = 8; i < argc; i++)
		read_dir(argv[i]);
	add_own();
	int udp = open_socket(SOCK_DGRAM, 5099, &to), stream = open_socket(SOCK_STREAM, 0, &to);
	uint64_t start = now_us();
	for (uint32_t i = 0; i < count; i++) {
		make(&m);
		if (i < count - tcp) {
			(void)!send(udp, m.p, m.l, 0);
			(void)drain(udp);
		} else if (!send_pieces(&stream, &to, &m)) {
			closed++;
		}
		pace(start, i + 1, rate ? rate : 1000);
	}
	printf("%u messages from %zu seeds, %u over TCP on %u connections, %.1f s\n", count, nseeds, tcp, closed + 1,
	       (double)(now_us() - start) / 1e6);
	return 0;
}

static int run_rtp(char **argv)
{
	struct sockaddr_in to = address(argv[2], argv[3]);
	uint32_t low = (uint32_t)atoi(argv[3]), high = (uint32_t)atoi(argv[4]), count = (uint32_t)atoi(argv[5]);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	uint8_t p[1500];
	uint64_t start = now_us();

	state = strtoull(argv[6], NULL, 10) * 0x9e3779b97f4a7c15u | 1;
	for (uint32_t i = 0; i < count && fd >= 0; i++) {
		size_t l = rnd(4) ? rnd(200) : rnd(sizeof(p));

		for (size_t k = 0; k < l; k++)
			p[k] = (uint8_t)rnd(256);
		if (l && rnd(4)) /* passes for RTP or RTCP at first sight */
			p[0] = (uint8_t)(0x80 | rnd(64));
		if (l > 1 && rnd(3) == 0)
			p[1] = (uint8_t)(200 + rnd(8));
		to.sin_port = htons((uint16_t)(low + rnd(high - low + 1)));
		(void)!sendto(fd, p, l, 0, (struct sockaddr *)&to, sizeof(to));
		pace(start, i + 1, 10000);
	}
	printf("%u packets\n", count);
	return 0;
}

static int run_options(char **argv)
{
	struct sockaddr_in to = address(argv[2], argv[3]);
	int fd = open_socket(SOCK_DGRAM, 0, &to), limit = atoi(argv[4]);
	char b[65536];
	uint64_t start = now_us();

	(void)drain(fd);
	int n = snprintf(b, sizeof(b),
			 "OPTIONS sip:127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP "
			 "127.0.0.9:5099;branch=z9hG4bKo%llu;rport\r\nMax-Forwards: 70\r\n"
			 "From: <sip:o@127.0.0.9>;tag=o\r\nTo: <sip:127.0.0.1>\r\nCall-ID: o%llu\r\nCSeq: 1 "
			 "OPTIONS\r\nContent-Length: 0\r\n\r\n",
			 (unsigned long long)start, (unsigned long long)start);
	char mark[64];
	(void)snprintf(mark, sizeof(mark), "z9hG4bKo%llu", (unsigned long long)start);
	if (send(fd, b, (size_t)n, 0) != n)
		return 1;
	for (;;) {
		int left = limit - (int)((now_us() - start) / 1000);
		struct pollfd p = {.fd = fd, .events = POLLIN};

		if (left <= 0 || poll(&p, 1, left) <= 0) {
			printf("no answer within %d ms\n", limit);
			return 1;
		}
		ssize_t l = recv(fd, b, sizeof(b) - 1, 0);
		if (l <= 0)
			continue;
		b[l] = '\0';
		if (strstr(b, mark) && !strncmp(b, "SIP/2.0 ", 8)) {
			printf("%.3s after %.1f ms\n", b + 8, (double)(now_us() - start) / 1000);
			return strncmp(b + 8, "200", 3) != 0;
		}
	}
}

int main(int argc, char **argv)
{
	if (argc >= 9 && !strcmp(argv[1], "sip"))
		return run_sip(argc, argv);
	if (argc == 7 && !strcmp(argv[1], "rtp"))
		return run_rtp(argv);
	if (argc == 5 && !strcmp(argv[1], "options"))
		return run_options(argv);
	fprintf(stderr, "usage: mutate sip ADDRESS PORT COUNT SEED RATE TCP DIR... | rtp ADDRESS LOW HIGH COUNT SEED | "
			"options ADDRESS PORT MS\n");
	return 2;
}
