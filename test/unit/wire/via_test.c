/*
 * via_test.c - Via and CSeq.
 */
#include "edge.h"
#include "wire/sip/cseq.h"
#include "wire/sip/via.h"

static const struct {
	const char *text;
	int err;
	const char *transp, *host;
	uint16_t port;
	const char *branch, *received, *maddr;
	bool rport;
	uint16_t rport_val;
	bool cookie;
} vias[] = {
	{"SIP/2.0/UDP erlang.bell-telephone.com:5060;branch=z9hG4bK87asdks7", 0, "UDP", "erlang.bell-telephone.com",
	 5060, "z9hG4bK87asdks7", "", "", false, 0, true},
	{"SIP / 2.0 / UDP first.example.com: 4000;ttl=16 ;maddr=224.2.0.1 ;branch=z9hG4bKa7c6a8dlze.1", 0, "UDP",
	 "first.example.com", 4000, "z9hG4bKa7c6a8dlze.1", "", "224.2.0.1", false, 0, true},
	{"SIP/2.0/TLS [2001:db8::1] ;rport;received=1.2.3.4;branch=Z9HG4BKx", 0, "TLS", "2001:db8::1", 0, "Z9HG4BKx",
	 "1.2.3.4", "", true, 0, true},
	{"SIP/2.0/WSS df7jal23ls0d.invalid;rport=5070;branch=z9hG4bK", 0, "WSS", "df7jal23ls0d.invalid", 0, "z9hG4bK",
	 "", "", true, 5070, false},
	{"SIP/2.0/UDP h;received=2001:db8::2", 0, "UDP", "h", 0, "", "2001:db8::2", "", false, 0, false},
	{"SIP/7.0/XYZ h;rport=", 0, "XYZ", "h", 0, "", "", "", true, 0, false},

	{"", ERR_SYNTAX},
	{"SIP/2.0", ERR_SYNTAX},
	{"SIP/2.0/UDP", ERR_SYNTAX},
	{"SIP/2.0/UDP ", ERR_SYNTAX},
	{"SIP/2.0 h", ERR_SYNTAX},
	{"SIP/2.0/UDP h:", ERR_SYNTAX},
	{"SIP/2.0/UDP h:99999", ERR_SYNTAX},
	{"SIP/2.0/UDP h x", ERR_SYNTAX},
	{"SIP/2.0/UDP h;", ERR_SYNTAX},
	{"SIP/2.0/UDP h;;", ERR_SYNTAX},
	{"SIP/2.0/UDP h;rport=70000", ERR_SYNTAX},
	{"SIP/2.0/UDP h;rport=x", ERR_SYNTAX},
	{"SIP/2.0/UDP h;branch=\"a\"", ERR_SYNTAX},
	{"SIP/2.0/UDP [::1;branch=x", ERR_SYNTAX},
	{"/2.0/UDP h", ERR_SYNTAX},
	{"SIP/2.0/UDP h,SIP/2.0/UDP i", ERR_SYNTAX},
};

static void decode_test(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(vias); i++) {
		struct sip_via v;
		int err = sip_via_decode(&v, edge_str(vias[i].text));

		if (err != vias[i].err)
			fail_msg("\"%s\": %s", vias[i].text, err_str(err));
		assert_slice(v.transp, vias[i].transp);
		assert_slice(v.host, vias[i].host);
		assert_int_equal(v.port, vias[i].port);
		assert_slice(v.branch, vias[i].branch);
		assert_slice(v.received, vias[i].received);
		assert_slice(v.maddr, vias[i].maddr);
		assert_int_equal(v.rport, vias[i].rport);
		assert_int_equal(v.rport_val, vias[i].rport_val);
		assert_int_equal(sip_via_rfc3261(&v), vias[i].cookie);
	}
}

static void received_test(void **state)
{
	static const struct {
		const char *text, *received;
		uint16_t rport;
		const char *want;
	} tab[] = {
		{"SIP/2.0/UDP h:5060;branch=z9hG4bK1;rport;x=\"q\"", "192.0.2.7", 4000,
		 "SIP/2.0/UDP h:5060;branch=z9hG4bK1;x=\"q\";received=192.0.2.7;rport=4000"},
		/* not asked for: no rport */
		{"SIP/2.0/UDP h;branch=z9hG4bK1", "192.0.2.7", 4000,
		 "SIP/2.0/UDP h;branch=z9hG4bK1;received=192.0.2.7"},
		/* what a client claims about itself is replaced */
		{"SIP/2.0/UDP h;received=6.6.6.6;rport=1;branch=z9hG4bK1", "2001:db8::7", 2,
		 "SIP/2.0/UDP h;branch=z9hG4bK1;received=2001:db8::7;rport=2"},
		{"SIP/2.0/TCP h", "", 0, "SIP/2.0/TCP h"},
		{"SIP/2.0/UDP h;rport", "", 0, "SIP/2.0/UDP h;rport"},
		{"SIP/2.0/UDP h;rport=9", "", 0, "SIP/2.0/UDP h;rport=9"},
	};
	struct buf b;

	(void)state;
	buf_init(&b);
	for (size_t i = 0; i < ARRAY_LEN(tab); i++) {
		struct sip_via v;

		buf_reset(&b);
		assert_int_equal(sip_via_decode(&v, edge_str(tab[i].text)), 0);
		sip_via_encode_received(&b, &v, slice_str(tab[i].received), tab[i].rport);
		assert_slice(buf_get(&b), tab[i].want);
	}
	buf_free(&b);
}

static void cseq_test(void **state)
{
	static const struct {
		const char *text;
		int err;
		uint32_t num;
		enum sip_method m;
	} tab[] = {
		{"4711 INVITE", 0, 4711, SIP_INVITE},
		{"0009   ACK", 0, 9, SIP_ACK},
		{"0 NEW", 0, 0, SIP_OTHER_METHOD},
		{"2147483647 BYE", 0, 2147483647u, SIP_BYE},
		{"2147483648 BYE", ERR_SYNTAX},
		{"4294967296 BYE", ERR_SYNTAX},
		{"36893488147419103232 BYE", ERR_SYNTAX},
		{"1", ERR_SYNTAX},
		{"1 ", ERR_SYNTAX},
		{"INVITE", ERR_SYNTAX},
		{"1INVITE", ERR_SYNTAX},
		{"1 INVITE x", ERR_SYNTAX},
		{"-1 INVITE", ERR_SYNTAX},
		{"", ERR_SYNTAX},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(tab); i++) {
		struct sip_cseq c;
		int err = sip_cseq_decode(&c, edge_str(tab[i].text));

		if (err != tab[i].err)
			fail_msg("\"%s\": %s", tab[i].text, err_str(err));
		if (!err) {
			assert_int_equal(c.num, tab[i].num);
			assert_int_equal(c.m, tab[i].m);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decode_test),
		cmocka_unit_test(received_test),
		cmocka_unit_test(cseq_test),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
