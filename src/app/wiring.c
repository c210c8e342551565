/*
 * wiring.c - the parts of the server, made in the order in which they need each other and ended in the reverse.
 *
 * The only place that sees all rooms. Errors become sentences that say what to do.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "app/serve.h"
#include "base/rand.h"
#include "call/edge.h"
#include "call/sounds.h"
#include "loop/dns.h"
#include "loop/file.h"
#include "loop/guard.h"
#include "media/media.h"
#include "pbx/capture.h"
#include "pbx/network.h"
#include "sip/sip.h"

/* ------------------------------------------------------------------ data and phone system */

/* The realm is part of every phone's password hash: chosen once, and never an address that may change. */
static int open_store(struct server *s, struct buf *why)
{
	struct store_cfg cfg = {.dir = s->data, .loop = s->loop};
	char realm[32] = "offhook-";

	cfg.resource = pbx_resources(&cfg.nresource);
	int err = store_open(&s->store, &cfg, why);
	if (err)
		return err;
	s->welcome = !store_setting(s->store, "welcomed");
	if (!store_setting(s->store, "realm")) {
		rand_text(realm + strlen(realm), 6);
		err = store_setting_init(s->store, "realm", realm);
		if (err)
			buf_printf(why, "The new database in %s cannot be written: %s.", s->data, err_str(err));
	}
	return err;
}

struct first_start {
	bool done;
	int err;
	char why[200];
};

static void first_start_done(int err, const char *why, json_t *row, int64_t id, void *arg)
{
	struct first_start *f = arg;

	(void)row;
	(void)id;
	f->done = true;
	f->err = err;
	(void)slice_copy(f->why, sizeof(f->why), slice_str(why));
}

static int open_pbx(struct server *s, struct buf *why)
{
	struct pbx_cfg cfg = {.loop = s->loop, .store = s->store, .realm = store_setting(s->store, "realm")};
	struct first_start f = {0};
	int err = pbx_alloc(&s->pbx, &cfg);

	if (err) {
		buf_printf(why, "The phone system's data in %s could not be loaded: %s.", s->data, err_str(err));
		return err;
	}
	/* a first start that was cut short is done again */
	if (store_setting(s->store, "installed"))
		return 0;
	err = pbx_first_start(s->pbx, first_start_done, &f);
	if (!err)
		err = store_flush(s->store, 5000);
	loop_drain(s->loop);
	if (!err)
		err = f.done ? f.err : ETIMEDOUT;
	if (!err || err == EEXIST)
		err = store_setting_init(s->store, "installed", OFFHOOK_VERSION);
	if (err)
		buf_printf(why, "The first extensions could not be made: %s.", f.why[0] ? f.why : err_str(err));
	return err;
}

static int open_guard(struct server *s)
{
	struct guard_cfg gc = {.loop = s->loop};
	int err = guard_alloc(&s->guard, &gc);

	return err ? err : pbx_set_guard(s->pbx, s->guard);
}

/* ------------------------------------------------------------------ calls, sound, SIP */

/* Recorded sets and music where Debian's packages put them; speech where flite is installed. */
static int open_sounds(struct server *s)
{
	char own[1100];
	const struct sounds_cfg cfg = {.loop = s->loop,
				       .files = s->files,
				       .own = own,
				       .installed = "/usr/share/asterisk/sounds",
				       .music = "/usr/share/asterisk/moh",
				       .speak = "flite"};

	snprintf(own, sizeof(own), "%s/sounds", s->data);
	return sounds_alloc(&s->sounds, &cfg);
}

static int open_calls(struct server *s, struct buf *why)
{
	const struct serve_options *o = s->opt;
	struct media_cfg mc = {.loop = s->loop, .port_lo = o->rtp_lo, .port_hi = o->rtp_hi};
	int err = s->files ? 0 : files_alloc(&s->files, s->loop);

	if (!err)
		err = pbx_capture(s->pbx, o->capture_mb);
	mc.trace = pbx_trace(s->pbx);
	if (!err)
		err = open_sounds(s);
	if (!err)
		err = media_alloc(&s->media, &mc);
	if (!err)
		err = pbx_set_files(s->pbx, s->files);
	if (!err) {
		struct calls_cfg cc = {.loop = s->loop, .media = s->media};

		err = calls_alloc(&s->calls, &cc, pbx_call_ops(), s->pbx);
	}
	if (err)
		buf_printf(why, "The media engine could not be started: %s.", err_str(err));
	else
		calls_set_sounds(s->calls, s->sounds);
	if (!err)
		pbx_set_calls(s->pbx, s->calls);
	return err;
}

static int open_edge(struct server *s)
{
	const struct serve_options *o = s->opt;
	struct edge_cfg ec = {
		.loop = s->loop,
		.calls = s->calls,
		.realm = store_setting(s->store, "realm"),
		.location = pbx_location_ops(),
		.location_arg = s->pbx,
		.secret = pbx_secret_ops(),
		.secret_arg = s->pbx,
		.auth_invite = !o->bench_no_auth,
		.external_ip = sa_isset(&o->external_ip) ? &o->external_ip : NULL,
		.local_nets = o->local_net,
		.nlocal_nets = o->nlocal_net,
		.guard = s->guard,
		.auth_dialog = pbx_challenges,
		.auth_dialog_arg = s->pbx,
		.always = pbx_always,
		.always_arg = s->pbx,
		.overload = pbx_overload,
		.overload_arg = s->pbx,
	};
	int err = edge_alloc(&s->edge, &ec);

	if (!err) {
		struct sip_cfg sc = {
			.loop = s->loop, .software = "offhook " OFFHOOK_VERSION, .tls = s->tls, .guard = s->guard};

		err = sip_alloc(&s->sip, &sc, edge_sip_ops(), s->edge);
	}
	if (err)
		return err;
	struct dns_cfg dc = {.servers = o->dns};

	err = dns_alloc(&s->dns, s->loop, &dc);
	if (err)
		return err;
	sip_set_dns(s->sip, s->dns);
	sip_set_trace(s->sip, pbx_trace(s->pbx));
	edge_set_sip(s->edge, s->sip);
	sip_set_external(s->sip, &o->external_ip);
	return sip_set_local_nets(s->sip, o->local_net, o->nlocal_net);
}

/* ------------------------------------------------------------------ what status tells of the program */

static void add_listener(enum sip_transp tp, const struct sa *local, void *arg)
{
	char text[SA_STRLEN + 8], addr[SA_STRLEN];

	snprintf(text, sizeof(text), "%s %s",
		 tp == SIP_TRANSP_UDP   ? "udp"
		 : tp == SIP_TRANSP_TLS ? "tls"
					: "tcp",
		 sa_str(local, addr));
	(void)json_array_append_new(arg, json_string(text));
}

void server_about(struct server *s)
{
	char ports[24], addr[SA_STRLEN], link[WELCOME_LINK], *full = realpath(s->data, NULL);
	struct sa a;

	welcome_address(s, &a);
	sa_set_port(&a, s->opt->sip_port);
	snprintf(ports, sizeof(ports), "%u-%u", s->opt->rtp_lo, s->opt->rtp_hi);
	json_t *v = json_array();
	sip_listeners(s->sip, add_listener, v);
	server_web_listeners(s, v);
	json_t *o = json_pack("{s:s, s:i, s:o, s:s, s:s, s:s, s:b}", "data", full ? full : s->data, "pid",
			      (int)getpid(), "listeners", v, "sip_address", sa_str(&a, addr), "rtp_ports", ports,
			      "realm", store_setting(s->store, "realm"), "invite_auth", (int)!s->opt->bench_no_auth);
	if (o && *welcome_link(s, link))
		(void)json_object_set_new(o, "page", json_string(link));
	if (o && sa_isset(&s->opt->external_ip))
		(void)json_object_set_new(o, "external_ip", json_string(sa_ntop(&s->opt->external_ip, addr)));
	if (o)
		pbx_set_about(s->pbx, o);
	json_decref(o);
	free(full);
}

/* ------------------------------------------------------------------ all of it */

int server_open(struct server *s, struct buf *why)
{
	int err = loop_alloc(&s->loop);

	if (!err)
		err = open_store(s, why);
	if (!err)
		err = open_pbx(s, why);
	if (!err)
		server_network_open(s);
	if (!err)
		err = open_guard(s);
	if (!err)
		err = open_calls(s, why);
	if (!err)
		err = server_tls_open(s, why);
	if (!err)
		err = open_edge(s);
	if (!err)
		err = server_listen(s, why);
	if (!err)
		err = server_web_open(s, why);
	if (!err) {
		pbx_lines(s->pbx, true);
		server_about(s);
		server_network_live(s);
		return 0;
	}
	if (!why->l)
		buf_printf(why, "The server could not be started: %s.", err_str(err));
	server_close(s);
	return err;
}

void server_close(struct server *s)
{
	timer_stop(&s->trim);
	server_web_close(s); /* no orders any more */
	if (s->pbx)
		pbx_set_network(s->pbx, NULL);
	if (s->pbx)
		pbx_lines(s->pbx, false);
	if (s->loop)
		loop_drain(s->loop); /* last BYEs leave */
	s->sip = mem_deref(s->sip);
	server_tls_close(s);
	s->edge = mem_deref(s->edge);
	s->dns = mem_deref(s->dns);
	if (s->pbx)
		pbx_set_calls(s->pbx, NULL);
	s->calls = mem_deref(s->calls);
	s->media = mem_deref(s->media);
	if (s->loop)
		loop_drain(s->loop);
	s->sounds = mem_deref(s->sounds);
	/* what waits for the disk is written, and rows of recordings are closed */
	if (s->pbx)
		(void)!pbx_set_files(s->pbx, NULL);
	s->files = mem_deref(s->files);
	if (s->loop)
		loop_drain(s->loop);
	s->api = mem_deref(s->api);
	s->pbx = mem_deref(s->pbx);
	store_close(s->store);
	s->store = NULL;
	if (s->loop)
		loop_drain(s->loop);
	s->guard = mem_deref(s->guard);
	s->loop = mem_deref(s->loop);
}
