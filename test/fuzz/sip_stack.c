/*
 * sip_stack.c - fuzz target: a whole stack on a virtual network. The input is a list of pieces; the first byte of each
 * says where it goes (datagram, stream, WebSocket, passing of time), the next two its length. Transactions, framing,
 * dialogs and answers all run; at the end nothing may be left but the stack itself.
 */
#include "base/mem.h"
#include "base/rand.h"
#include "fuzz/fuzz.h"
#include "loop/vnet.h"
#include "sip/auth.h"
#include "sip/sip_priv.h"

#define DIALOG "From: <sip:a>;tag=1\r\nTo: <sip:b>\r\nCall-ID: c\r\nCSeq: 1 "

enum { STREAMS = 2, PIECES_MAX = 32, REPLIES = 8 };

struct world {
	struct vnet *net;
	struct loop *loop;
	struct sip *sip;
	struct sip_auth *auth;
	struct sip_stream *stream[STREAMS];
	struct sa us, peer;
	unsigned turn;
};

static int swallow(void *conn, struct rbuf *b)
{
	(void)conn;
	FUZZ_ASSERT(b->l > 0 && b->l <= 4 * SIP_MSG_MAX);
	return 0;
}

static void forget(void *conn)
{
	struct sip_stream **st = conn;

	*st = NULL;
}

static const struct sip_stream_ops carrier = {swallow, forget};

static int one_user(struct slice user, struct sip_ha1 *h, void *arg)
{
	(void)arg;
	memset(h, '0', sizeof(*h));
	h->md5[32] = h->sha256[64] = 0;
	return slice_eqs(user, "100") ? 0 : ENOENT;
}

static void cancelled(struct sip_strans *st, const struct sip_msg *cancel, void *arg)
{
	(void)cancel;
	(void)arg;
	sip_reply_simple(st, 487, NULL);
}

static void ended(struct sip_strans *st, int err, void *arg)
{
	(void)st;
	(void)err;
	(void)arg;
}

static const struct sip_strans_ops strans_ops = {cancelled, ended};

/* Answers turn about: provisional alone, success, refusal, challenge. */
static void request(struct sip_strans *st, const struct sip_msg *msg, void *arg)
{
	static const uint16_t codes[REPLIES] = {180, 200, 486, 401, 183, 202, 302, 600};
	struct world *w = arg;
	struct sip_auth_info info;
	uint16_t code = codes[w->turn++ % REPLIES];

	sip_strans_set_ops(st, &strans_ops, NULL);
	sip_auth_check(w->auth, msg, false, one_user, NULL, &info);
	if (code == 401)
		sip_auth_reply(w->auth, st, false, info.res == SIP_AUTH_STALE);
	else
		sip_reply_simple(st, code, NULL);
	if (code < 200 && msg->m != SIP_INVITE)
		sip_reply_simple(st, 200, NULL);
}

static void join(struct world *w, size_t i)
{
	struct sa peer = w->peer;

	sa_set_port(&peer, (uint16_t)(40000 + i));
	if (!w->stream[i] && sip_stream_add(&w->stream[i], w->sip, i ? SIP_TRANSP_WS : SIP_TRANSP_TLS, &w->us, &peer,
					    true, &carrier, &w->stream[i]))
		w->stream[i] = NULL;
}

static void feed(struct world *w, unsigned kind, struct slice piece)
{
	struct sip_rx rx = {.tp = SIP_TRANSP_UDP, .src = w->peer, .dst = w->us, .data = piece};

	switch (kind & 3) {
	case 0:
		sip_recv(w->sip, &rx);
		break;
	case 1:
	case 2:
		join(w, (kind & 3) - 1);
		if (w->stream[(kind & 3) - 1])
			sip_stream_recv(w->stream[(kind & 3) - 1], piece);
		break;
	default:
		vnet_run(w->net, (kind >> 2) * 600);
	}
}

static bool open_world(struct world *w)
{
	static const struct sip_ops ops = {.request = request};
	struct sip_cfg cfg = {0};
	struct sip_auth_cfg auth = {.realm = "offhook"};

	memset(w, 0, sizeof(*w));
	if (vnet_alloc(&w->net, 1) || loop_alloc_virtual(&w->loop, w->net) || sa_set(&w->us, SLICE("10.0.0.1"), 5060) ||
	    sa_set(&w->peer, SLICE("10.0.0.2"), 5060))
		return false;
	cfg.loop = auth.loop = w->loop;
	return !sip_alloc(&w->sip, &cfg, &ops, w) && !sip_listen(w->sip, SIP_TRANSP_UDP, &w->us) &&
	       !sip_auth_alloc(&w->auth, &auth);
}

static void ask(struct world *w, enum sip_method m)
{
	struct sip_request r = {.m = m,
				.uri = SLICE("sip:b@10.0.0.2"),
				.dest = {.tp = SIP_TRANSP_UDP, .addr = w->peer},
				.hdrs = m == SIP_INVITE ? SLICE(DIALOG "INVITE\r\n") : SLICE(DIALOG "OPTIONS\r\n")};

	FUZZ_ASSERT(!sip_request(NULL, w->sip, &r, NULL, NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = slice_mem(data, size);
	struct sip_stats st;
	struct world w;

	rand_seed(1); /* the corpus knows our branches */
	FUZZ_ASSERT(open_world(&w));
	ask(&w, SIP_INVITE);
	ask(&w, SIP_OPTIONS);
	for (size_t i = 0; i < PIECES_MAX && in.l > 3; i++) {
		unsigned kind = (uint8_t)in.p[0];
		size_t l = (size_t)(uint8_t)in.p[1] << 8 | (uint8_t)in.p[2];

		in = slice_from(in, 3);
		feed(&w, kind, slice_first(in, l));
		in = slice_from(in, l);
	}
	/* all that is not ringing has ended by now: our OPTIONS surely, our INVITE unless it got a provisional answer
	 */
	vnet_run(w.net, 70000);
	sip_stats(w.sip, &st);
	FUZZ_ASSERT(st.client_trans <= 1);
	mem_deref(w.sip);
	mem_deref(w.auth);
	FUZZ_ASSERT(!w.stream[0] && !w.stream[1]);
	mem_deref(w.loop);
	mem_deref(w.net);
	return 0;
}
