/*
 * peer.c - SIP endpoints typed by a table: they answer INVITE as told, everything else with 200, and call.
 */
#include "peer.h"
#include "pbx/plan.h"
#include "pbx/security.h"

/* ------------------------------------------------------------------ taking texts apart */

static const char *line_of(const char *msg, const char *name)
{
	size_t l = strlen(name);

	for (const char *p = strstr(msg, "\r\n"); p; p = strstr(p, "\r\n")) {
		p += 2;
		if (!strncmp(p, name, l) && p[l] == ':')
			return p;
		if (p[0] == '\r')
			break;
	}
	return NULL;
}

static void copy_line(char *dst, size_t size, const char *msg, const char *name)
{
	const char *p = line_of(msg, name);

	dst[0] = '\0';
	if (p)
		(void)slice_copy(dst, size, slice_mem(p, strcspn(p, "\r")));
}

/* All lines of a name, each with its end. */
static void copy_lines(struct buf *b, const char *msg, const char *name)
{
	const char *p = msg;

	while ((p = line_of(p, name))) {
		buf_printf(b, "%.*s\r\n", (int)strcspn(p, "\r"), p);
		p -= 2;
		p = strstr(p + 2, "\r\n");
		if (!p)
			break;
	}
}

static void user_in(char *dst, size_t size, const char *line)
{
	const char *p = line ? strstr(line, "sip:") : NULL;
	size_t l = p ? strcspn(p + 4, "@;>\r ") : 0;

	(void)slice_copy(dst, size, slice_mem(p ? p + 4 : "", l));
	if (p && p[4 + l] != '@')
		dst[0] = '\0';
}

static void put(struct peer *p, struct buf *b)
{
	struct sa dst = address(SERVER4 ":5060");

	assert_int_equal(buf_err(b), 0);
	assert_int_equal(udp_send_now(p->u, &dst, b->p, b->l), 0);
	buf_free(b);
}

static void put_sdp(struct buf *b, const struct peer *p)
{
	char sdp[300];
	int l = snprintf(sdp, sizeof(sdp),
			 "v=0\r\no=- 1 1 IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n"
			 "a=rtpmap:8 PCMA/8000\r\n",
			 p->ip, p->ip);

	buf_printf(b, "Content-Type: application/sdp\r\nContent-Length: %d\r\n\r\n%s", l, sdp);
}

static void reply(struct peer *p, const char *req, unsigned code, bool sdp)
{
	char to[300];
	struct buf b;

	buf_init(&b);
	buf_printf(&b, "SIP/2.0 %u Answer\r\n", code);
	copy_lines(&b, req, "Via");
	copy_lines(&b, req, "From");
	copy_lines(&b, req, "Call-ID");
	copy_lines(&b, req, "CSeq");
	copy_lines(&b, req, "Record-Route");
	copy_line(to, sizeof(to), req, "To");
	buf_printf(&b, "%s%s\r\n", to, strstr(to, ";tag=") ? "" : ";tag=peer");
	if (code >= 300 && code < 400)
		buf_printf(&b, "Contact: %s\r\n", p->redirect);
	else
		buf_printf(&b, "Contact: <sip:peer@%s:5060>\r\n", p->ip);
	if (sdp)
		put_sdp(&b, p);
	else
		buf_str(&b, "Content-Length: 0\r\n\r\n");
	put(p, &b);
}

/* ------------------------------------------------------------------ requests that come */

static void keep_ringing(struct peer *p, const char *req)
{
	for (size_t i = 0; i < ARRAY_LEN(p->ringing); i++)
		if (!p->ringing[i][0]) {
			(void)slice_copy(p->ringing[i], sizeof(p->ringing[i]), slice_str(req));
			return;
		}
}

static void got_invite(struct peer *p, const char *req)
{
	struct arrival a;
	char to[300];

	copy_line(to, sizeof(to), req, "To");
	if (strstr(to, ";tag=")) { /* re-INVITE */
		reply(p, req, 200, true);
		return;
	}
	user_in(a.to, sizeof(a.to), req);
	user_in(a.from, sizeof(a.from), line_of(req, "From"));
	if (p->n < PEER_GOT)
		p->got[p->n++] = a;
	if (p->on_invite)
		p->on_invite(p, &a, p->arg);
	if (p->answer == 180)
		keep_ringing(p, req);
	if (p->answer)
		reply(p, req, p->answer, p->answer == 200);
}

static void got_cancel(struct peer *p, const char *req)
{
	char id[200], other[200];

	copy_line(id, sizeof(id), req, "Call-ID");
	reply(p, req, 200, false);
	for (size_t i = 0; i < ARRAY_LEN(p->ringing); i++) {
		copy_line(other, sizeof(other), p->ringing[i], "Call-ID");
		if (p->ringing[i][0] && !strcmp(id, other)) {
			reply(p, p->ringing[i], 487, false);
			p->ringing[i][0] = '\0';
		}
	}
}

static struct peer_call *call_of(struct peer *p, const char *msg)
{
	const char *line = line_of(msg, "Call-ID");

	for (size_t i = 0; line && i < PEER_CALLS; i++)
		if (p->call[i].used && !strncmp(line + strlen("Call-ID: "), p->call[i].id, strlen(p->call[i].id)))
			return &p->call[i];
	return NULL;
}

static void got_bye(struct peer *p, const char *req)
{
	struct peer_call *c = call_of(p, req);

	if (c)
		c->ended = true;
	reply(p, req, 200, false);
}

/* ------------------------------------------------------------------ calls that it makes */

static void request(struct peer *p, const struct peer_call *c, const char *method, unsigned cseq, const char *branch)
{
	struct buf b;
	bool invite = !strcmp(method, "INVITE");

	buf_init(&b);
	if (c->contact[0] && c->code < 300)
		buf_printf(&b, "%s %s SIP/2.0\r\n", method, c->contact);
	else
		buf_printf(&b, "%s sip:%s@" SERVER4 " SIP/2.0\r\n", method, c->to);
	buf_printf(&b, "Via: SIP/2.0/UDP %s:5060;branch=z9hG4bK%s%s\r\nMax-Forwards: 70\r\n", p->ip, c->id, branch);
	buf_printf(&b, "From: <sip:%s@" SERVER4 ">;tag=t%s\r\n", c->from, c->id);
	if (c->to_line[0])
		buf_printf(&b, "%s\r\n", c->to_line);
	else
		buf_printf(&b, "To: <sip:%s@" SERVER4 ">\r\n", c->to);
	buf_printf(&b, "Call-ID: %s\r\nCSeq: %u %s\r\nContact: <sip:peer@%s:5060>\r\n", c->id, cseq, method, p->ip);
	if (invite)
		put_sdp(&b, p);
	else
		buf_str(&b, "Content-Length: 0\r\n\r\n");
	put(p, &b);
}

static void got_answer(struct peer *p, const char *msg)
{
	struct peer_call *c = call_of(p, msg);
	unsigned code = (unsigned)atoi(msg + strlen("SIP/2.0 "));
	char cseq[64];

	copy_line(cseq, sizeof(cseq), msg, "CSeq");
	if (!c || code < 200 || !strstr(cseq, "INVITE"))
		return;
	if (!c->code) {
		const char *line = line_of(msg, "Contact"), *uri = line ? strchr(line, '<') : NULL;

		c->code = code;
		copy_line(c->to_line, sizeof(c->to_line), msg, "To");
		if (uri)
			(void)slice_copy(c->contact, sizeof(c->contact), slice_mem(uri + 1, strcspn(uri + 1, ">")));
	}
	request(p, c, "ACK", 1, code < 300 ? "ack" : "");
	c->ended = c->ended || code >= 300;
}

static void recv_h(struct udp *u, const struct udp_rx *rx, void *arg)
{
	static char text[8000];
	struct peer *p = arg;

	(void)u;
	if (rx->data.l < 20 || !slice_copy(text, sizeof(text), rx->data))
		return;
	if (!strncmp(text, "SIP/2.0 ", 8))
		got_answer(p, text);
	else if (!strncmp(text, "INVITE ", 7))
		got_invite(p, text);
	else if (!strncmp(text, "CANCEL ", 7))
		got_cancel(p, text);
	else if (!strncmp(text, "BYE ", 4))
		got_bye(p, text);
	else if (!(p->unchecked && !strncmp(text, "OPTIONS ", 8)) && strncmp(text, "ACK ", 4) &&
		 strstr(text, "SIP/2.0"))
		reply(p, text, 200, false);
}

void peer_open_office(struct scene *s, struct peer *phones, struct peer *a, struct peer *b)
{
	s->no_auth = true;
	s->dead_s = 1000000; /* nobody sends sound here */
	server_stop(s, true);
	server_start(s);
	row(s, &pbx_allowed_resource, "10.0.0.0/24", "{}");
	peer_open(s, phones, "10.0.0.11");
	peer_open(s, a, "10.0.0.50");
	peer_open(s, b, "10.0.0.51");
}

void peer_open(struct scene *s, struct peer *p, const char *ip)
{
	char addr[SA_STRLEN + 8];

	memset(p, 0, sizeof(*p));
	p->s = s;
	p->answer = 200;
	snprintf(p->ip, sizeof(p->ip), "%s", ip);
	snprintf(addr, sizeof(addr), "%s:5060", ip);
	p->addr = address(addr);
	assert_int_equal(loop_alloc_virtual(&p->loop, s->net), 0);
	assert_int_equal(udp_open(&p->u, p->loop, &p->addr, NULL, recv_h, p), 0);
}

void peer_close(struct peer *p)
{
	if (!p->u)
		return;
	p->u = mem_deref(p->u);
	vnet_run(p->s->net, 1);
	p->loop = mem_deref(p->loop);
}

static bool decided(void *arg)
{
	return ((struct peer_call *)arg)->code != 0;
}

struct peer_call *peer_invite(struct peer *p, const char *from, const char *to, uint64_t ms)
{
	struct peer_call *c = NULL;

	for (size_t i = 0; i < PEER_CALLS && !c; i++)
		if (!p->call[i].used || p->call[i].ended)
			c = &p->call[i];
	assert_non_null(c);
	memset(c, 0, sizeof(*c));
	c->used = true;
	snprintf(c->id, sizeof(c->id), "%s-%u-x", p->ip, ++p->serial);
	snprintf(c->from, sizeof(c->from), "%s", from);
	snprintf(c->to, sizeof(c->to), "%s", to);
	vnet_run(p->s->net, 2); /* no two calls begin in the same millisecond */
	request(p, c, "INVITE", 1, "");
	(void)vnet_run_until(p->s->net, decided, c, ms);
	return c;
}

void peer_bye(struct peer *p, struct peer_call *c)
{
	if (c->ended)
		return;
	if (!c->code)
		request(p, c, "CANCEL", 1, "");
	else
		request(p, c, "BYE", 2, "bye");
	c->ended = c->code != 0;
	vnet_run(p->s->net, 5);
}

/* ------------------------------------------------------------------ configuration */

static void updated(uint16_t scode, const char *why, const struct location *now, void *arg)
{
	(void)why;
	(void)now;
	*(unsigned *)arg = scode;
}

void peer_register(struct peer *p, const char *extension)
{
	char uri[100];
	unsigned code = 0, cseq = ++p->serial;
	struct contact c = {.callid = SLICE("reg"),
			    .cseq = cseq,
			    .q = 1000,
			    .src = p->addr,
			    .local = address(SERVER4 ":5060"),
			    .expires_ms = loop_wall_ms(p->s->loop) + 30LL * 86400000};
	struct location_update u = {.aor = slice_str(extension), .v = {&c}, .n = 1, .callid = c.callid, .cseq = cseq};

	snprintf(uri, sizeof(uri), "sip:%s@%s:5060", extension, p->ip);
	c.uri = slice_str(uri);
	pbx_location_ops()->update(&u, updated, &code, p->s->pbx);
	/* one that is switched off gets none */
	assert_true(code == 200 || code == 404);
}

static void row_changed(int err, const char *why, json_t *r, int64_t id, void *arg)
{
	struct scene *s = arg;

	(void)r;
	(void)id;
	s->change_err = err;
	if (err && getenv("SCENARIO_LOG"))
		print_message("%s\n", why ? why : "");
}

static int change(struct scene *s, enum change_op op, const struct resource *r, const char *key, json_t *obj)
{
	struct change_item it = {op, r, key, obj};

	if (obj && op == CHANGE_CREATE)
		(void)json_object_set_new(obj, resource_key(r)->name, json_string(key));
	s->change_err = -1;
	pbx_change(s->pbx, &it, 1, "test", NULL, row_changed, s);
	for (int i = 0; i < 100 && s->change_err == -1; i++)
		vnet_run(s->net, 5);
	return s->change_err;
}

int row_set(struct scene *s, const struct resource *r, const char *key, const char *json)
{
	json_t *obj = json ? json_loads(json, 0, NULL) : NULL;
	int err;

	assert_true(!json || obj);
	if (!json)
		return change(s, CHANGE_DELETE, r, key, NULL);
	err = change(s, CHANGE_UPDATE, r, key, obj);
	if (err == ENOENT)
		err = change(s, CHANGE_CREATE, r, key, obj);
	json_decref(obj);
	return err;
}

void row(struct scene *s, const struct resource *r, const char *key, const char *fmt, ...)
{
	char json[1000];
	va_list ap;

	va_start(ap, fmt);
	int n = vsnprintf(json, sizeof(json), fmt, ap);
	va_end(ap);
	assert_true(n > 0 && (size_t)n < sizeof(json));
	for (char *p = json; *p; p++)
		if (*p == '\'')
			*p = '"';
	if (row_set(s, r, key, json))
		fail_msg("%s %s %s: %s", r->name, key, json, err_str(s->change_err));
}
