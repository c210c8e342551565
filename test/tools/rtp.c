/*
 * rtp.c - the sound of a sipp agent: sends a tone in PCMU over RTP (RFC 3550), keeps what comes.
 *
 *	rtp ADDRESS PORT PEERFILE HZ FILE.wav SECONDS
 *
 * PEERFILE is written by the sipp scenario: its last line is "ADDRESS PORT" of the peer or "hold", when nothing is
 *sent. What comes is laid down by its time of arrival, so that a pause is heard as one. Ends after SECONDS or by
 *SIGTERM; then writes the file and prints how many packets went and came, and how many came from an address other than
 *the peer's.
 *
 * RTP_PT "OUT IN" are other payload types than 0, RTP_EVENT "OUT IN" those of telephone-event (RFC 4733), RTP_MS the
 * length of packets (10-60), RTP_DIGIT a key that is sent 300 ms after the first packet. Digits that come are
 *printed, and how many packets had a payload type that was not agreed on.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "sound.h"

enum { FRAME = RATE / 50, FRAME_MAX = 3 * FRAME, EVENT_FRAMES = 6 };

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
	size_t clock; /* samples sent */
	unsigned pt_out, pt_in, event_out, event_in, ms, odd, frames;
	char digit; /* to send, 0: none */
	size_t digit_clock;
	char digits[32]; /* that came */
	uint32_t last_event;
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

static void head(struct state *s, uint8_t *p, unsigned pt, size_t clock)
{
	p[0] = 0x80;
	p[1] = (uint8_t)pt;
	p[2] = (uint8_t)(s->seq >> 8);
	p[3] = (uint8_t)s->seq;
	for (unsigned i = 0; i < 4; i++)
		p[4 + i] = (uint8_t)(clock >> (24 - 8 * i));
	p[8] = p[11] = 0x5a;
}

static void put(struct state *s, const uint8_t *p, size_t l)
{
	s->seq++;
	if (sendto(s->fd, p, l, 0, &s->peer.sa, address_len(&s->peer)) == (ssize_t)l)
		s->sent++;
}

/* A part of the key, the last one three times with the end bit (RFC 4733 2.5.1.4). */
static void send_event(struct state *s, unsigned part)
{
	static const char keys[] = "0123456789*#ABCD";
	uint8_t p[16] = {0};
	size_t frame = s->ms * RATE / 1000u;
	unsigned last = part + 1 == EVENT_FRAMES, len = (unsigned)((part + 1) * frame);

	for (unsigned i = 0; i < (last ? 3 : 1); i++) {
		head(s, p, s->event_out | (part ? 0 : 0x80), s->digit_clock);
		p[12] = (uint8_t)(strchr(keys, s->digit) - keys);
		p[13] = last ? 0x8a : 0x0a;
		p[14] = (uint8_t)(len >> 8);
		p[15] = (uint8_t)len;
		put(s, p, sizeof(p));
	}
}

static void send_frame(struct state *s)
{
	uint8_t p[12 + FRAME_MAX] = {0};
	size_t frame = s->ms * RATE / 1000u;
	unsigned at = 300 / s->ms;

	head(s, p, s->pt_out, s->clock);
	for (size_t i = 0; i < frame; i++)
		p[12 + i] = ulaw_enc(tone_at(s->hz, s->clock + i));
	s->clock += frame;
	if (!s->peer.sa.sa_family)
		return;
	if (s->digit && s->frames >= at && s->frames < at + EVENT_FRAMES) {
		if (s->frames == at)
			s->digit_clock = s->clock - frame;
		send_event(s, s->frames - at);
	} else {
		put(s, p, 12 + frame);
	}
	s->frames++;
}

/* Parts of one key have the same time. */
static void got_event(struct state *s, const uint8_t *p, size_t n)
{
	uint32_t ts = (uint32_t)p[4] << 24 | (uint32_t)p[5] << 16 | (uint32_t)p[6] << 8 | p[7];
	size_t l = strlen(s->digits);

	if (n < 16 || p[12] > 15 || (l && ts == s->last_event) || l + 1 >= sizeof(s->digits))
		return;
	s->digits[l] = "0123456789*#ABCD"[p[12]];
	s->last_event = ts;
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
	unsigned pt = p[1] & 0x7f;
	if (pt != s->pt_in) {
		if (pt == s->event_in)
			got_event(s, p, (size_t)n);
		else
			s->odd++;
		return;
	}
	size_t at = (size_t)(now_ms() - s->start) * (RATE / 1000), from_p = 12 + 4u * (p[0] & 15u);
	if (at < s->end + 5 * FRAME)
		at = s->end; /* no pause, only jitter */
	for (size_t i = from_p; i < (size_t)n && at < SOUND_MAX; i++)
		heard[at++] = ulaw_dec(p[i]);
	s->end = at;
}

/* "OUT IN" */
static void numbers(const char *name, unsigned *out, unsigned *in)
{
	const char *v = getenv(name);

	if (v && sscanf(v, "%u %u", out, in) != 2) {
		fprintf(stderr, "rtp: %s is two numbers\n", name);
		exit(2);
	}
}

int main(int argc, char **argv)
{
	struct state s = {.start = now_ms(), .event_out = 101, .event_in = 101, .ms = 20};

	numbers("RTP_PT", &s.pt_out, &s.pt_in);
	numbers("RTP_EVENT", &s.event_out, &s.event_in);
	s.ms = getenv("RTP_MS") ? (unsigned)atoi(getenv("RTP_MS")) : 20;
	s.digit = getenv("RTP_DIGIT") ? getenv("RTP_DIGIT")[0] : 0;
	if (s.ms < 10 || s.ms > 60 || s.ms % 10) {
		fprintf(stderr, "rtp: RTP_MS is 10 to 60\n");
		return 2;
	}

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
	uint64_t end = s.start + 1000ull * (unsigned)atoi(argv[6]), next = s.start, look = s.start, t;
	while (!over && (t = now_ms()) < end) {
		if (t >= next) {
			if (next >= look) {
				read_peer(&s);
				look += 100;
			}
			send_frame(&s);
			next += s.ms;
			continue;
		}
		struct pollfd p = {.fd = s.fd, .events = POLLIN};
		if (poll(&p, 1, (int)(next - t)) > 0)
			receive(&s);
	}
	wav_save(argv[5], heard, s.end);
	printf("digits %s odd %u sent %u received %u strange %u\n", *s.digits ? s.digits : "-", s.odd, s.sent,
	       s.received, s.strange);
	return 0;
}
