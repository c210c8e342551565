/*
 * sip.c - the stack object: making and ending it, its settings, its numbers.
 */
#include <string.h>
#include "base/log.h"
#include "base/rand.h"
#include "sip/sip_priv.h"

enum { T1_MS = 500, T2_MS = 4000, T4_MS = 5000 }; /* RFC 3261 17.1.1.1, 17.1.2.2 */

/* What every stack of ours answers for (sip.h). */
static const uint32_t base_methods = 1U << SIP_INVITE | 1U << SIP_ACK | 1U << SIP_BYE | 1U << SIP_CANCEL |
				     1U << SIP_OPTIONS | 1U << SIP_REGISTER;

static void sip_destroy(void *obj)
{
	struct sip *s = obj;

	sip_dumps_del(s);
	sip_overload_end(s);
	memset(&s->ops, 0, sizeof(s->ops));
	s->trace = NULL;
	sip_dialog_flush(s);
	sip_ctrans_flush(s);
	sip_strans_flush(s);
	sip_streams_flush(s);
	LIST_EACH (&s->listeners, k)
		mem_deref(LINK_OBJ(k, struct sip_listener, le));
	hash_free(&s->streams);
	hash_free(&s->stream_addrs);
	hash_free(&s->stream_aliases);
	sip_tls_whys_free(s);
	hash_free(&s->strans);
	hash_free(&s->merge);
	hash_free(&s->ctrans);
	hash_free(&s->dialogs);
	buf_free(&s->scratch);
	buf_free(&s->lines);
	mem_deref(s->pong);
	mem_deref(s->nets);
	mem_deref(s->software);
	mem_deref(s->dns);
	mem_deref(s->hosts);
	mem_deref(s->dead);
	mem_deref(s->mapped);
	mem_deref(s->ping);
	mem_deref(s->guard);
}

static uint32_t or_default(uint32_t v, uint32_t def)
{
	return v ? v : def;
}

static void set_cfg(struct sip *s, const struct sip_cfg *cfg)
{
	s->loop = cfg->loop;
	s->tls = cfg->tls;
	s->t1 = or_default(cfg->t1, T1_MS);
	s->t2 = or_default(cfg->t2, T2_MS);
	s->t4 = or_default(cfg->t4, T4_MS);
	s->max_conns = or_default(cfg->max_conns, 10000);
	s->max_trans = or_default(cfg->max_trans, 100000);
	s->idle_ms = 1000ULL * or_default(cfg->tcp_idle_s, 3600);
	s->allow = base_methods;
	s->next_flow = 1;
	s->guard = mem_ref(cfg->guard);
}

int sip_alloc(struct sip **sp, const struct sip_cfg *cfg, const struct sip_ops *ops, void *arg)
{
	struct sip *s;
	int err;

	if (!sp || !cfg || !cfg->loop)
		return EINVAL;
	s = mem_zalloc(sizeof(*s), sip_destroy);
	if (!s)
		return ENOMEM;
	hash_init(&s->streams);
	hash_init(&s->stream_addrs);
	hash_init(&s->stream_aliases);
	hash_init(&s->strans);
	hash_init(&s->merge);
	hash_init(&s->ctrans);
	hash_init(&s->dialogs);
	buf_init(&s->scratch);
	buf_init(&s->lines);
	set_cfg(s, cfg);
	if (ops)
		s->ops = *ops;
	s->arg = arg;
	sip_dumps_add(s);
	err = rbuf_alloc(&s->pong, "\r\n", 2);
	if (!err)
		err = rbuf_alloc(&s->ping, "\r\n\r\n", 4);
	if (!err && cfg->software)
		err = mem_strdup(&s->software, cfg->software);
	if (err) {
		mem_deref(s);
		return err;
	}
	sip_dialog_init(s);
	*sp = s;
	return 0;
}

void sip_set_tls(struct sip *s, struct tls *t)
{
	s->tls = t;
}

struct loop *sip_loop(const struct sip *s)
{
	return s->loop;
}

void sip_set_external(struct sip *s, const struct sa *ip)
{
	if (ip)
		s->external = *ip;
	else
		sa_init(&s->external);
}

int sip_set_local_nets(struct sip *s, const struct sa_net *v, size_t n)
{
	struct sa_net *nets = NULL;

	if (n) {
		nets = mem_alloc(n * sizeof(*nets), NULL);
		if (!nets)
			return ENOMEM;
		memcpy(nets, v, n * sizeof(*nets));
	}
	mem_deref(s->nets);
	s->nets = nets;
	s->netc = n;
	return 0;
}

void sip_stats(const struct sip *s, struct sip_stats *st)
{
	*st = s->st;
	st->conns = s->streams.n;
	st->server_trans = s->strans.n;
	st->client_trans = s->ctrans.n;
	st->dialogs = s->dialogs.n;
}

void sip_set_trace(struct sip *s, const struct trace_sink *t)
{
	s->trace = t;
}

void sip_allow(struct sip *s, enum sip_method m)
{
	if (m > SIP_OTHER_METHOD && m < SIP_METHOD_COUNT)
		s->allow |= 1U << m;
}

void sip_support(struct sip *s, const char *tag)
{
	if (s->tagc < SIP_TAGS_MAX)
		s->tags[s->tagc++] = tag;
	else
		log_warn("sip", "too many option tags, %s is left out", tag);
}

void sip_enc_allow(struct buf *b, const struct sip *s)
{
	const char *sep = "Allow: ";

	for (unsigned m = 0; m < SIP_METHOD_COUNT; m++) {
		if (!(s->allow & 1U << m))
			continue;
		buf_str(b, sep);
		buf_slice(b, sip_method_name((enum sip_method)m));
		sep = ", ";
	}
	buf_str(b, "\r\n");
}

void sip_enc_supported(struct buf *b, const struct sip *s, const char *but)
{
	const char *sep = "Supported: ";

	for (size_t i = 0; i < s->tagc; i++) {
		if (but && !strcmp(s->tags[i], but))
			continue;
		buf_str(b, sep);
		buf_str(b, s->tags[i]);
		sep = ", ";
	}
	if (*sep == ',')
		buf_str(b, "\r\n");
}

bool sip_has_tag(const struct sip *s, struct slice tag)
{
	for (size_t i = 0; i < s->tagc; i++)
		if (slice_ieqs(tag, s->tags[i]))
			return true;
	return false;
}

void sip_make_tag(char tag[SIP_TAG_LEN + 1])
{
	rand_text(tag, SIP_TAG_LEN);
}
