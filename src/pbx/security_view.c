/*
 * security_view.c - bans as people see, make and lift them.
 */
#include <string.h>
#include "base/log.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "pbx/pbx_priv.h"
#include "pbx/account.h"
#include "pbx/security.h"

json_t *pbx_json_security(struct pbx *p)
{
	struct guard *g = security_guard(p);
	struct guard_stats st;

	if (!g)
		return NULL;
	guard_stats(g, &st);
	return json_pack("{s:I, s:I, s:{s:I, s:I, s:I}, s:o}", "watched", (json_int_t)st.watched, "bans",
			 (json_int_t)st.bans, "dropped", "banned", (json_int_t)st.banned, "busy", (json_int_t)st.busy,
			 "scans", (json_int_t)st.scans, "sign_in", account_failures_json(p));
}

static void add_ban(const struct guard_ban_info *b, void *arg)
{
	struct guard_ban_info whole = {.net = b->net};
	char user[3 * sizeof(b->user)];
	struct buf t;

	buf_init(&t);
	security_ban_text(&whole, &t);
	/* as somebody wrote it who may not mean well: JSON takes text only */
	utf8_copy(user, sizeof(user), slice_str(b->user));
	if (!buf_err(&t))
		(void)json_array_append_new(arg, json_pack("{s:s%, s:i, s:s, s:s, s:I, s:I, s:I, s:I, s:b}", "address",
							   t.p, t.l, "port", (int)b->port, "user", user, "reason",
							   b->reason, "since_ms", (json_int_t)b->since_ms, "left_s",
							   (json_int_t)b->left_s, "dropped", (json_int_t)b->count,
							   "times", (json_int_t)b->strikes, "by_hand", (int)b->hand));
	buf_free(&t);
}

json_t *pbx_json_bans(struct pbx *p)
{
	json_t *v = json_array();

	if (v && security_guard(p))
		guard_bans(security_guard(p), add_ban, v);
	return v;
}

int pbx_ban(struct pbx *p, const char *net, uint32_t seconds, const char *why, const char *who)
{
	struct guard *g = security_guard(p);
	struct sa_net n;
	int err;

	if (!g)
		return ERR_STATE;
	err = sa_net_parse(&n, slice_str(net));
	if (!err)
		err = guard_ban(g, &n, seconds, why);
	if (!err)
		log_info("pbx", "%s was banned by %s", net, who);
	return err;
}

int pbx_lift(struct pbx *p, const char *net, const char *who)
{
	static const char *const everything[] = {"0.0.0.0/0", "::/0"};
	struct guard *g = security_guard(p);
	bool all = !strcmp(net, "all");
	struct sa_net n;
	int err = ENOENT;

	if (!g)
		return ERR_STATE;
	for (size_t i = 0; i < (all ? ARRAY_LEN(everything) : 1); i++) {
		int e = sa_net_parse(&n, slice_str(all ? everything[i] : net));

		if (!e)
			e = guard_lift(g, &n);
		if (!e || e != ENOENT)
			err = e;
	}
	if (!err)
		log_info("pbx", "bans of %s were lifted by %s", net, who);
	return err;
}
