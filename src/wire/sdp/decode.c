/*
 * decode.c - text to session description (RFC 8866 5).
 *
 * Lenient where phones are sloppy: bare LF, blank lines, unknown lines, lines out of order. Strict where a misread line
 * would send sound to a wrong place: m= and c=.
 */
#include <string.h>
#include "wire/sdp/sdp.h"

/* Next word of a line; words stand apart by one or more blanks. */
static struct slice word(struct slice *s)
{
	const char *p = s->p, *e = s->l ? p + s->l : p, *b;

	while (p < e && (*p == ' ' || *p == '\t'))
		p++;
	for (b = p; p < e && *p != ' ' && *p != '\t'; p++)
		;
	*s = slice_mem(p, (size_t)(e - p));
	return slice_mem(b, (size_t)(p - b));
}

static int port_decode(struct slice s, uint16_t *port)
{
	uint32_t n;

	if (slice_u32(s, &n) || n > UINT16_MAX)
		return ERR_SYNTAX;
	*port = (uint16_t)n;
	return 0;
}

static void origin_decode(struct sdp *s, struct slice v)
{
	s->o_user = word(&v);
	s->o_sess_id = word(&v);
	s->o_version = word(&v);
	s->o_nettype = word(&v);
	s->o_addrtype = word(&v);
	s->o_addr = word(&v);
}

/* "IN IP4 224.2.36.42/127": the address stays unset when it is a name. */
static int conn_decode(struct slice v, struct slice *addr, struct sa *conn)
{
	struct slice net = word(&v), type = word(&v), ip;

	*addr = word(&v);
	if (!slice_ieqs(net, "IN") || !type.l || !addr->l)
		return ERR_SYNTAX;
	ip = *addr;
	ip = slice_cut(&ip, '/');
	if (sa_set(conn, ip, 0))
		sa_init(conn);
	return 0;
}

/* "audio 49170/2 RTP/AVP 0 8" */
static int media_decode(struct sdp *s, struct slice v)
{
	struct sdp_media *m;
	struct slice port, n;

	if (s->nm == SDP_MEDIA_MAX)
		return ERR_LIMIT;
	m = &s->m[s->nm];
	memset(m, 0, offsetof(struct sdp_media, fmt));
	memset((char *)m + offsetof(struct sdp_media, nfmt), 0, sizeof(*m) - offsetof(struct sdp_media, nfmt));
	m->type = word(&v);
	port = word(&v);
	n = port;
	port = slice_cut(&n, '/');
	m->proto = word(&v);
	m->nports = 1;
	if (!m->type.l || !m->proto.l || port_decode(port, &m->port) || (n.l && port_decode(n, &m->nports)))
		return ERR_SYNTAX;
	for (struct slice f; (f = word(&v)).l;) {
		if (m->nfmt == SDP_FMT_MAX)
			return ERR_LIMIT;
		m->fmt[m->nfmt++] = f;
	}
	m->attr0 = s->nattr_all;
	m->dir = s->dir;
	s->nm++;
	return 0;
}

static int attr_decode(struct sdp *s, struct sdp_media *m, struct slice v)
{
	struct sdp_attr *a;
	enum sdp_dir *dir = m ? &m->dir : &s->dir;

	if (s->nattr_all == SDP_ATTR_MAX)
		return ERR_LIMIT;
	a = &s->attr[s->nattr_all++];
	a->val = v;
	a->name = slice_cut(&a->val, ':');
	if (m)
		m->nattr++;
	else
		s->nattr++;
	if (a->name.l == 8) {
		if (slice_eqs(a->name, "sendrecv"))
			*dir = SDP_SENDRECV;
		else if (slice_eqs(a->name, "sendonly"))
			*dir = SDP_SENDONLY;
		else if (slice_eqs(a->name, "recvonly"))
			*dir = SDP_RECVONLY;
		else if (slice_eqs(a->name, "inactive"))
			*dir = SDP_INACTIVE;
		else if (m && slice_eqs(a->name, "rtcp-mux"))
			m->rtcp_mux = true;
	}
	return 0;
}

static int bw_decode(struct slice *bw, size_t *n, struct slice v)
{
	if (*n == SDP_BW_MAX)
		return ERR_LIMIT;
	bw[(*n)++] = v;
	return 0;
}

static int line_decode(struct sdp *s, char type, struct slice v)
{
	struct sdp_media *m = s->nm ? &s->m[s->nm - 1] : NULL;

	switch (type) {
	case 'a':
		return attr_decode(s, m, v);
	case 'b':
		return m ? bw_decode(m->bw, &m->nbw, v) : bw_decode(s->bw, &s->nbw, v);
	case 'c':
		return m ? conn_decode(v, &m->conn_addr, &m->conn) : conn_decode(v, &s->conn_addr, &s->conn);
	case 'i':
		if (m)
			m->title = v;
		return 0;
	case 'm':
		return media_decode(s, v);
	case 'o':
		origin_decode(s, v);
		return 0;
	case 's':
		s->name = v;
		return 0;
	case 't':
		if (s->ntime == SDP_TIME_MAX)
			return ERR_LIMIT;
		s->time[s->ntime++] = v;
		return 0;
	default:
		return 0;
	}
}

/* "53020" or "53020 IN IP4 126.16.64.4" (RFC 3605 2.1). A value that makes no sense counts as none. */
static bool rtcp_attr(const struct sdp *s, struct sdp_media *m)
{
	const struct sdp_attr *a = sdp_attr_find(s, m, "rtcp");
	struct slice v, addr;
	uint16_t port;

	if (!a)
		return false;
	v = a->val;
	if (port_decode(word(&v), &port))
		return false;
	m->rtcp = m->conn;
	if (slice_trim(v).l && conn_decode(v, &addr, &m->rtcp))
		return false;
	sa_set_port(&m->rtcp, port);
	return true;
}

/* What a media section takes from the session, and what follows from its own lines. */
static void media_finish(struct sdp *s, struct sdp_media *m)
{
	if (!m->conn_addr.l) {
		m->conn_addr = s->conn_addr;
		m->conn = s->conn;
	}
	if (!sa_isset(&m->conn))
		return;
	sa_set_port(&m->conn, m->port);
	if (m->rtcp_mux) {
		m->rtcp = m->conn;
	} else if (!rtcp_attr(s, m)) {
		m->rtcp = m->conn;
		/* 0 stays 0 (refused), and there is none behind the last port */
		sa_set_port(&m->rtcp, m->port && m->port < UINT16_MAX ? (uint16_t)(m->port + 1) : 0);
	}
}

/* Neither CR but at the end of a line nor NUL belongs into a description (RFC 8866 9, byte-string). */
static bool is_clean(struct slice text)
{
	const char *p = text.p, *e = p + text.l;

	if (memchr(p, '\0', text.l))
		return false;
	while ((p = memchr(p, '\r', (size_t)(e - p)))) {
		while (p < e && *p == '\r')
			p++;
		if (p == e)
			return true;
		if (*p != '\n')
			return false;
	}
	return true;
}

int sdp_decode(struct sdp *s, struct slice text)
{
	struct slice line;
	bool begun = false;
	int err;

	memset(s, 0, offsetof(struct sdp, m));
	s->nm = s->nattr_all = 0;
	s->dir = SDP_SENDRECV;
	if (text.l && !is_clean(text))
		return ERR_SYNTAX;
	while (text.l) {
		line = slice_cut(&text, '\n');
		while (line.l && line.p[line.l - 1] == '\r')
			line.l--;
		if (!line.l)
			continue;
		if (line.l < 2 || line.p[1] != '=')
			return ERR_SYNTAX;
		if (!begun && !slice_eqs(line, "v=0"))
			return ERR_SYNTAX;
		begun = true;
		err = line_decode(s, line.p[0], slice_from(line, 2));
		if (err)
			return err;
	}
	for (size_t i = 0; i < s->nm; i++)
		media_finish(s, &s->m[i]);
	return begun ? 0 : ERR_SYNTAX;
}
