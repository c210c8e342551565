/*
 * rtp.c - the sound of a sipp agent: sends a tone in PCMU over RTP (RFC 3550), keeps what comes.
 *
 *	rtp ADDRESS PORT PEERFILE HZ FILE.wav SECONDS
 *
 * PEERFILE is written by the sipp scenario: its last line is "ADDRESS PORT" of the peer or "hold", when nothing is
 *sent. What comes is laid down by its time of arrival, so that a pause is heard as one. Ends after SECONDS or by
 *SIGTERM; then writes the file and prints how many packets went and came, and how many came from an address other than
 *the peer's.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "sound.h"

enum { FRAME = RATE / 50, PACKET = 12 + FRAME };

union address {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};
struct state {
	int fd;
	union address self, peer;
	const char *peer_file;
	unsigned hz, sent, received, strange;
	uint16_t seq;
	size_t clock;   /* samples sent */
	uint64_t start; /* ms */
	size_t end;     /* samples kept */
};
static int16_t heard[SOUND_MAX];
static volatile sig_atomic_t over;

static void stop(int signum)
{
	(void)signum;
	over = 1;
}

static uint64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static int set_address(union address *a, const char *host, unsigned port)
{
	memset(a, 0, sizeof(*a));
	if (inet_pton(AF_INET, host, &a->in.sin_addr) == 1) {
		a->in.sin_family = AF_INET;
		a->in.sin_port = htons((uint16_t)port);
		return 0;
	}
	if (inet_pton(AF_INET6, host, &a->in6.sin6_addr) != 1)
		return 1;
	a->in6.sin6_family = AF_INET6;
	a->in6.sin6_port = htons((uint16_t)port);
	return 0;
}

static socklen_t address_len(const union address *a)
{
	return a->sa.sa_family == AF_INET ? sizeof(a->in) : sizeof(a->in6);
}

static void read_peer(struct state *s)
{
	FILE *f = fopen(s->peer_file, "r");
	char line[256], host[128], last[256] = "";
	unsigned port;

	if (!f)
		return;
	while (fgets(line, sizeof(line), f))
		memcpy(last, line, sizeof(last));
	(void)fclose(f);
	if (sscanf(last, "%127s %u", host, &port) != 2 || !port || port > 65535 || set_address(&s->peer, host, port))
		memset(&s->peer, 0, sizeof(s->peer));
}

static void send_frame(struct state *s)
{
	uint8_t p[PACKET] = {0x80, 0};

	p[2] = (uint8_t)(s->seq >> 8);
	p[3] = (uint8_t)s->seq;
	for (unsigned i = 0; i < 4; i++)
		p[4 + i] = (uint8_t)(s->clock >> (24 - 8 * i));
	p[8] = p[11] = 0x5a;
	for (size_t i = 0; i < FRAME; i++)
		p[12 + i] = ulaw_enc(tone_at(s->hz, s->clock + i));
	s->clock += FRAME;
	if (!s->peer.sa.sa_family)
		return;
	s->seq++;
	if (sendto(s->fd, p, PACKET, 0, &s->peer.sa, address_len(&s->peer)) == PACKET)
		s->sent++;
}

static bool same(const union address *a, const union address *b)
{
	if (a->sa.sa_family != b->sa.sa_family)
		return false;
	if (a->sa.sa_family == AF_INET)
		return a->in.sin_port == b->in.sin_port && a->in.sin_addr.s_addr == b->in.sin_addr.s_addr;
	return a->in6.sin6_port == b->in6.sin6_port && !memcmp(&a->in6.sin6_addr, &b->in6.sin6_addr, 16);
}

static void receive(struct state *s)
{
	uint8_t p[2048];
	union address from = {0};
	socklen_t len = sizeof(from);
	ssize_t n = recvfrom(s->fd, p, sizeof(p), MSG_DONTWAIT, &from.sa, &len);

	if (n < 12 || p[0] >> 6 != 2)
		return;
	s->received++;
	if (s->peer.sa.sa_family && !same(&from, &s->peer))
		s->strange++;
	if (p[1] & 0x7f)
		return; /* not PCMU: telephone-event */
	size_t at = (size_t)(now_ms() - s->start) * (RATE / 1000), head = 12 + 4u * (p[0] & 15u);
	if (at < s->end + 5 * FRAME)
		at = s->end; /* no pause, only jitter */
	for (size_t i = head; i < (size_t)n && at < SOUND_MAX; i++)
		heard[at++] = ulaw_dec(p[i]);
	s->end = at;
}

int main(int argc, char **argv)
{
	struct state s = {.start = now_ms()};

	if (argc != 7 || set_address(&s.self, argv[1], (unsigned)atoi(argv[2]))) {
		fprintf(stderr, "usage: rtp ADDRESS PORT PEERFILE HZ FILE.wav SECONDS\n");
		return 2;
	}
	s.peer_file = argv[3];
	s.hz = (unsigned)atoi(argv[4]);
	s.fd = socket(s.self.sa.sa_family, SOCK_DGRAM, 0);
	if (s.fd < 0 || bind(s.fd, &s.self.sa, address_len(&s.self))) {
		perror("rtp: bind");
		return 1;
	}
	(void)signal(SIGTERM, stop);
	(void)signal(SIGINT, stop);
	uint64_t end = s.start + 1000ull * (unsigned)atoi(argv[6]), next = s.start, t;
	while (!over && (t = now_ms()) < end) {
		if (t >= next) {
			if ((next - s.start) % 100 == 0)
				read_peer(&s);
			send_frame(&s);
			next += 20;
			continue;
		}
		struct pollfd p = {.fd = s.fd, .events = POLLIN};
		if (poll(&p, 1, (int)(next - t)) > 0)
			receive(&s);
	}
	wav_save(argv[5], heard, s.end);
	printf("sent %u received %u strange %u\n", s.sent, s.received, s.strange);
	return 0;
}
