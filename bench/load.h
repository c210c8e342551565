/*
 * load.h - the load generator: one thread, two ends (caller and called), no work but what the measurement needs.
 *
 * It knows just enough of SIP to drive a server: headers are found by name in the
 * text, answers are glued together from the request. It is the ruler, so it must be
 * cheap and the same for every server measured.
 */
#ifndef OFFHOOK_BENCH_LOAD_H
#define OFFHOOK_BENCH_LOAD_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MSG_MAX = 4096, BATCH = 64 };

/** What to do, from the command line. */
struct opts {
	struct sockaddr_in target; /**< server's SIP address */
	const char *mode;          /**< "register" "calls" "media" "xcode" "srtp" "ngmedia" "ngxcode" "ngsrtp" "tls" */
	unsigned users;            /**< numbers base .. base + users - 1 */
	unsigned base;
	unsigned count;         /**< requests or calls in all */
	unsigned rate;          /**< per second */
	unsigned seconds;       /**< media time */
	unsigned settle;        /**< s before memory is weighed */
	unsigned talk;          /**< ms between answer and BYE */
	unsigned pps;           /**< packets per second and direction of a call */
	const char *password;   /**< the same for all users; NULL: expect no challenge */
	const char *realm_host; /**< host part of URIs */
	bool xcode;             /**< the caller has u-law alone, the called end G.722 alone */
	bool srtp;              /**< the caller sends and gets SRTP */
	bool sha256;            /**< answer the SHA-256 challenge rather than MD5 */
	int pid[8];             /**< server's processes, for CPU */
	unsigned npid;
	unsigned uac_port, uas_port;
	struct sockaddr_in ng; /**< rtpengine's control address */
};

/* net.c */
/** UDP socket on 127.0.0.1:port (0: any) with large buffers. */
int net_socket(unsigned port);
unsigned net_port(int fd);
/** Queue a datagram; sent when the batch is full or at net_flush(). */
void net_queue(int fd, const struct sockaddr_in *to, const void *p, size_t l);
void net_flush(void);
/** Take what is there (up to BATCH), calling fn for each; false if there was nothing. */
bool net_take(int fd, void (*fn)(char *p, size_t l, const struct sockaddr_in *from));
/** Wait until one of two sockets is readable or `us` have passed. */
void net_wait(int a, int b, unsigned us);
uint64_t now_us(void);

/* text.c */
/** The nth line of a header (0 = first), full name or compact letter; value in out, cut to size. Returns its length, -1
 * if absent. */
int hdr(const char *msg, size_t l, const char *name, unsigned nth, char *out, size_t size);
/** Value of a quoted or plain parameter in a header value. */
bool param(const char *val, const char *name, char *out, size_t size);
/** Status code of a response, 0 for a request. */
unsigned status(const char *msg, size_t l);
/** Port of the first m= line with this media. */
unsigned sdp_port(const char *msg, size_t l, const char *media);

/* digest.c */
/** Authorization line ("Authorization: Digest ...\r\n" or "Proxy-...") for a 401/407 text. false if no usable challenge
 * stands in it. */
bool digest_line(const struct opts *o, const char *rsp, size_t l, const char *user, const char *method, const char *uri,
		 char *out, size_t size);

/* cpu.c */
/** User + system time of the server's processes with all their threads, us. */
uint64_t cpu_us(const struct opts *o);
/** Anonymous resident memory of the server's processes, kB. */
uint64_t rss_anon_kb(const struct opts *o);
uint64_t rss_kb(const struct opts *o);
/** Memory with pages that processes share counted once (Pss), kB: for servers of several processes. */
uint64_t pss_kb(const struct opts *o);

/* register.c, calls.c, media.c, ng.c: each prints one line of "name=value" pairs; 0 if all went well. */
int run_register(const struct opts *o);
int run_calls(const struct opts *o);
int run_media(const struct opts *o);
int run_ngmedia(const struct opts *o);
/* tls.c: as those above */
int run_tls(const struct opts *o);
/** `count` listeners, each to one of `users` extensions; users 0: to everything. `password`: the token. */
int run_events(const struct opts *o);

/* srtp.c */
/** The key of all callers, as a line of their descriptions. */
extern const char *const srtp_line;
enum { SRTP_TAIL = 16 /**< room that a packet needs behind it */ };
/** Protect a packet of RTP; its new length. */
size_t srtp_seal(unsigned char *p, size_t l);

/** Media ports of held calls: where each side must send. */
struct media_leg {
	uint16_t a_port, b_port; /**< the server's ports towards caller and called */
};
/** calls.c: set up `n` calls and keep them; the sockets' SDP ports are a_port / b_port of the generator. */
int calls_hold(const struct opts *o, struct media_leg *v, unsigned n, const unsigned *a_rtp, const unsigned *b_rtp,
	       unsigned nrtp);
/** BYE for all of them. */
int calls_release(const struct opts *o, unsigned n);
/** media.c: send and count RTP on held legs; prints the line. */
int media_flow(const struct opts *o, const struct media_leg *v, unsigned n, const int *afd, const int *bfd,
	       unsigned nrtp);

#endif
