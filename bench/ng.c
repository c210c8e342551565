/*
 * ng.c - relay sessions in rtpengine by its control protocol (bencoded offer and answer over UDP), then the same sound.
 */
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "load.h"

enum { SOCKS = 16 };

static void bstr(char *m, size_t size, const char *k, const char *v)
{
	size_t at = strlen(m);

	snprintf(m + at, size - at, "%zu:%s%zu:%s", strlen(k), k, strlen(v), v);
}

/* One command; returns the audio port in the SDP of the answer, 0 if there is none. */
static unsigned command(int fd, const struct sockaddr_in *to, const char *cmd, unsigned call, const char *sdp,
			const char *codec)
{
	char m[MSG_MAX], id[32], rsp[MSG_MAX + 1];
	struct pollfd p = {.fd = fd, .events = POLLIN};
	static unsigned cookie;
	ssize_t n;

	snprintf(id, sizeof(id), "call-%u", call);
	snprintf(m, sizeof(m), "%u_bench d", ++cookie);
	bstr(m, sizeof(m), "call-id", id);
	bstr(m, sizeof(m), "command", cmd);
	bstr(m, sizeof(m), "from-tag", "a");
	if (sdp)
		bstr(m, sizeof(m), "sdp", sdp);
	/* keys in their order: the codec that the called end is offered besides, to be transcoded */
	if (codec)
		snprintf(m + strlen(m), sizeof(m) - strlen(m), "5:codecd9:transcodel%zu:%see", strlen(codec), codec);
	if (strcmp(cmd, "offer"))
		bstr(m, sizeof(m), "to-tag", "b");
	else if (sdp && strstr(sdp, "RTP/SAVP"))
		bstr(m, sizeof(m), "transport-protocol", "RTP/AVP");
	strcat(m, "e");
	if (sendto(fd, m, strlen(m), 0, (const struct sockaddr *)to, sizeof(*to)) < 0 || poll(&p, 1, 3000) != 1)
		return 0;
	n = recv(fd, rsp, MSG_MAX, 0);
	if (n <= 0)
		return 0;
	rsp[n] = '\0';
	return sdp_port(rsp, (size_t)n, "audio");
}

int run_ngmedia(const struct opts *o)
{
	struct media_leg *v = calloc(o->count, sizeof(*v));
	int afd[SOCKS], bfd[SOCKS], ng = net_socket(0);
	unsigned ap[SOCKS], bp[SOCKS];
	char sdp[512];
	static const char *const form = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
					"m=audio %u RTP/%s %u\r\na=rtpmap:%u %s/8000\r\n%sa=sendrecv\r\n";
	unsigned bpt = o->xcode ? 9 : 0;
	const char *bname = o->xcode ? "G722" : "PCMU";
	uint64_t before = rss_anon_kb(o);

	for (unsigned i = 0; i < SOCKS; i++) {
		afd[i] = net_socket(0);
		bfd[i] = net_socket(0);
		ap[i] = net_port(afd[i]);
		bp[i] = net_port(bfd[i]);
	}
	for (unsigned i = 0; i < o->count; i++) {
		snprintf(sdp, sizeof(sdp), form, ap[i % SOCKS], o->srtp ? "SAVP" : "AVP", 0, 0, "PCMU",
			 o->srtp ? srtp_line : "");
		v[i].b_port = (uint16_t)command(ng, &o->ng, "offer", i, sdp, o->xcode ? "G722" : NULL);
		snprintf(sdp, sizeof(sdp), form, bp[i % SOCKS], "AVP", bpt, bpt, bname, "");
		v[i].a_port = (uint16_t)command(ng, &o->ng, "answer", i, sdp, NULL);
		if (!v[i].a_port || !v[i].b_port) {
			fprintf(stderr, "load: rtpengine made no session %u\n", i);
			return 1;
		}
	}
	printf("kb_per_call=%.2f ", ((double)rss_anon_kb(o) - (double)before) / o->count);
	media_flow(o, v, o->count, afd, bfd, SOCKS);
	for (unsigned i = 0; i < o->count; i++)
		command(ng, &o->ng, "delete", i, NULL, NULL);
	return 0;
}
