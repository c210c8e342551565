/*
 * dump.c - what can be looked at: listeners, streams and transactions, as text for CLI and API.
 */
#include "sip/sip_priv.h"

static void dump_listeners(struct buf *b, void *arg)
{
	const struct sip *s = arg;
	char txt[SA_STRLEN];

	LIST_EACH (&s->listeners, k) {
		const struct sip_listener *ln = LINK_OBJ(k, struct sip_listener, le);

		buf_printf(b, "%-3s %s\n", ln->udp ? "udp" : "tcp", sa_str(&ln->local, txt));
	}
}

static int dump_stream(struct hlink *k, void *arg)
{
	const struct sip_stream *st = CONTAINER_OF(k, struct sip_stream, id_he);
	struct buf *b = arg;
	char txt[SA_STRLEN];

	buf_printf(b, "%llu %.*s %s holds=%u waiting=%zu idle=%llus\n", (unsigned long long)st->id,
		   SLICE_FMT(sip_transp_param(st->tp)), sa_str(&st->peer, txt), st->holds, st->clients.n,
		   (unsigned long long)(loop_now_ms(st->sip->loop) - st->last) / 1000);
	return 0;
}

static void dump_streams(struct buf *b, void *arg)
{
	struct sip *s = arg;

	(void)hash_each(&s->streams, dump_stream, b);
}

static int dump_server(struct hlink *k, void *arg)
{
	const struct sip_strans *st = CONTAINER_OF(k, struct sip_strans, he);
	struct buf *b = arg;
	char txt[SA_STRLEN];

	buf_printf(b, "server %.*s %s from %s answered %u\n", SLICE_FMT(sip_method_name(st->m)), sip_strans_state(st),
		   sa_str(&st->dest.addr, txt), st->scode);
	return 0;
}

static int dump_client(struct hlink *k, void *arg)
{
	const struct sip_ctrans *ct = CONTAINER_OF(k, struct sip_ctrans, he);
	struct buf *b = arg;
	char txt[SA_STRLEN];

	buf_printf(b, "client %.*s %s to %s answered %u\n", SLICE_FMT(sip_method_name(ct->m)), sip_ctrans_state(ct),
		   sa_str(&ct->dest.addr, txt), ct->scode);
	return 0;
}

static void dump_transactions(struct buf *b, void *arg)
{
	struct sip *s = arg;

	(void)hash_each(&s->strans, dump_server, b);
	(void)hash_each(&s->ctrans, dump_client, b);
}

void sip_dumps_add(struct sip *s)
{
	s->dumps[0] = (struct inspect){.name = "sip.listeners", .fn = dump_listeners, .arg = s};
	s->dumps[1] = (struct inspect){.name = "sip.streams", .fn = dump_streams, .arg = s};
	s->dumps[2] = (struct inspect){.name = "sip.transactions", .fn = dump_transactions, .arg = s};
	for (size_t i = 0; i < ARRAY_LEN(s->dumps); i++)
		inspect_add(&s->dumps[i]);
}

void sip_dumps_del(struct sip *s)
{
	for (size_t i = 0; i < ARRAY_LEN(s->dumps); i++)
		inspect_del(&s->dumps[i]);
}
