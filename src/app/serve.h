/*
 * serve.h - the running server: its options, its parts wired together, what it says when it starts.
 */
#ifndef OFFHOOK_APP_SERVE_H
#define OFFHOOK_APP_SERVE_H

#include "app/cli.h"
#include "base/log.h"
#include "base/sa.h"

enum { LISTEN_MAX = 16, LOCAL_NET_MAX = 32, DNS_MAX = 4 };

/** Options of `serve`, checked. */
struct serve_options {
	struct sa listen[LISTEN_MAX]; /**< addresses; ports are sip_port */
	size_t nlisten;
	bool listen_all; /**< nobody named an address: all, IPv4 and IPv6 */
	uint16_t sip_port;
	uint16_t sips_port;             /**< 0: nobody connects to us by TLS */
	uint16_t http_port, https_port; /**< of the page and the API; 0: none */
	const char *tls_ca;             /**< PEM file: trusted beside the system's; NULL */
	const char *tls_client_ca; /**< PEM file: who may sign the certificates of phones; NULL: they are not asked */
	bool tls_client_required;
	uint16_t rtp_lo, rtp_hi;
	struct sa external_ip; /**< unset: none */
	struct sa_net local_net[LOCAL_NET_MAX];
	size_t nlocal_net;
	char dns[DNS_MAX * SA_STRLEN]; /**< "ADDR:PORT,..."; "": the system's name servers */
	uint32_t capture_mb;           /**< size of the ring of captured messages; 0: nothing is captured */
	enum log_level log_level;
	bool bench_no_auth; /**< INVITE is not asked for a password: benchmarks only */
	unsigned held;      /**< enum serve_held: what command line or environment say, so that the table does not */
};
enum serve_held {
	HELD_EXTERNAL_IP = 1,
	HELD_LOCAL_NET = 2,
	HELD_LISTEN = 4,
	HELD_SIP_PORT = 8,
	HELD_SIPS_PORT = 16,
	HELD_HTTP_PORT = 32,
	HELD_HTTPS_PORT = 64,
	HELD_RTP = 128
};
/** Read them from command line and environment; CLI_OK, or CLI_USAGE after a sentence. */
int serve_options_read(struct serve_options *o, const struct cli *c);

struct cert;
struct dns;
struct api_web;
struct http_server;
struct media;
struct edge;
struct files;
struct sounds;
struct sip;
struct tls;
struct cert_live;
/** All parts of a server. */
struct server {
	const struct serve_options *opt;   /**< in use */
	const struct serve_options *given; /**< by command line and environment */
	struct serve_options use;          /**< with what the table "network" says (network.c) */
	const char *data;
	struct loop *loop;
	struct store *store;
	struct pbx *pbx;
	struct guard *guard;
	struct media *media;
	struct files *files;
	struct sounds *sounds;
	struct calls *calls;
	struct edge *edge;
	struct dns *dns;
	struct sip *sip;
	struct api *api;
	struct api_web *web;
	struct http_server *http;
	bool welcome; /**< nobody has seen the first passwords yet */
	unsigned signals;
	struct tls *tls;
	struct cert_live *cert;
	struct timer cert_watch; /**< looks when it expires */
	struct timer trim;       /**< gives memory back after busy times */
	size_t busiest;          /**< most transactions seen since it last did */
	uint64_t handshakes;     /**< of TLS: all seen */
	uint64_t untrimmed;      /**< of these since memory last went back */
};
/** Make loop, store, phone system, media, SIP, API and control socket. On an error `why` has a sentence with what to
 * do, and all is closed again. */
int server_open(struct server *s, struct buf *why) MUST_CHECK;
/** End what is left, in order; written data is safe when it returns. */
void server_close(struct server *s);

/** TLS with the certificate in the data directory, made at the first start (tls.c). */
int server_tls_open(struct server *s, struct buf *why) MUST_CHECK;
void server_tls_close(struct server *s);

/** From here on `opt` is what the options say and, where they are silent, the table "network". */
void server_network_open(struct server *s);
/** Listen for SIP. */
int server_listen(struct server *s, struct buf *why) MUST_CHECK;
/** Changes of the table are carried out from now on. */
void server_network_live(struct server *s);
/** What the status tells of the program is as it is now. */
void server_about(struct server *s);

/** The API, and the web server on the ports and the control socket (web.c). */
int server_web_open(struct server *s, struct buf *why) MUST_CHECK;
void server_web_close(struct server *s);
/** The certificate is in use, or another one is; nothing happens while there is no web server. */
void server_web_cert(struct server *s, const struct cert *c);
/** Its ports for the status: "http 0.0.0.0:8080" is added to the array. */
void server_web_listeners(const struct server *s, json_t *v);

/** From now on give memory back to the system whenever a busy time is over. */
void trim_start(struct server *s);

/** The address to give a phone: "192.168.1.20", the first of the named ones, or the one this machine uses towards
 * others. */
void welcome_address(const struct server *s, struct sa *a);
/** Where the page is: "http://192.168.1.20:8080/", by HTTPS when there is no other; "": nowhere. `dst` of WELCOME_LINK
 * bytes. Returns dst. */
enum { WELCOME_LINK = 112 };
char *welcome_link(const struct server *s, char *dst);
/** What people see on standard output when the server is ready: all they need at the first start, two lines later. */
void welcome_print(const struct server *s, const struct cli *c);

#endif
