/*
 * main.c - options of the load generator.
 */
#include <arpa/inet.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "load.h"

static const struct option longs[] = {
	{"target", 1, NULL, 't'}, {"users", 1, NULL, 'u'},   {"base", 1, NULL, 'b'},     {"count", 1, NULL, 'c'},
	{"rate", 1, NULL, 'r'},   {"seconds", 1, NULL, 's'}, {"password", 1, NULL, 'p'}, {"host", 1, NULL, 'h'},
	{"sha256", 0, NULL, '2'}, {"pid", 1, NULL, 'P'},     {"uac-port", 1, NULL, 'A'}, {"uas-port", 1, NULL, 'B'},
	{"ng", 1, NULL, 'n'},     {"pps", 1, NULL, 'f'},     {"settle", 1, NULL, 'S'},   {"talk", 1, NULL, 'T'},
	{NULL, 0, NULL, 0},
};

static void address(const char *s, struct sockaddr_in *a)
{
	char ip[64];
	unsigned port = 5060;

	if (sscanf(s, "%63[0-9.]:%u", ip, &port) < 1 || strncmp(ip, "127.", 4)) {
		fprintf(stderr, "load: %s: only addresses of this machine (127.x.x.x:port)\n", s);
		exit(2);
	}
	a->sin_family = AF_INET;
	a->sin_port = htons((uint16_t)port);
	inet_pton(AF_INET, ip, &a->sin_addr);
}

int main(int argc, char **argv)
{
	struct opts o = {.users = 100,
			 .base = 1000,
			 .count = 1000,
			 .rate = 500,
			 .seconds = 10,
			 .pps = 50,
			 .realm_host = "127.0.0.1",
			 .uac_port = 15060,
			 .uas_port = 15062};
	int c;

	address("127.0.0.1:5060", &o.target);
	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (c) {
		case 't':
			address(optarg, &o.target);
			break;
		case 'n':
			address(optarg, &o.ng);
			break;
		case 'u':
			o.users = (unsigned)atoi(optarg);
			break;
		case 'b':
			o.base = (unsigned)atoi(optarg);
			break;
		case 'c':
			o.count = (unsigned)atoi(optarg);
			break;
		case 'r':
			o.rate = (unsigned)atoi(optarg);
			break;
		case 's':
			o.seconds = (unsigned)atoi(optarg);
			break;
		case 'S':
			o.settle = (unsigned)atoi(optarg);
			break;
		case 'f':
			o.pps = (unsigned)atoi(optarg);
			break;
		case 'p':
			o.password = optarg;
			break;
		case 'h':
			o.realm_host = optarg;
			break;
		case '2':
			o.sha256 = true;
			break;
		case 'T':
			o.talk = (unsigned)atoi(optarg);
			break;
		case 'P':
			if (o.npid < 8)
				o.pid[o.npid++] = atoi(optarg);
			break;
		case 'A':
			o.uac_port = (unsigned)atoi(optarg);
			break;
		case 'B':
			o.uas_port = (unsigned)atoi(optarg);
			break;
		default:
			return 2;
		}
	}
	o.mode = optind < argc ? argv[optind] : "";
	o.srtp = !strcmp(o.mode, "srtp") || !strcmp(o.mode, "ngsrtp");
	o.xcode = !strcmp(o.mode, "xcode") || !strcmp(o.mode, "ngxcode");
	if (!strcmp(o.mode, "register"))
		return run_register(&o);
	if (!strcmp(o.mode, "calls"))
		return run_calls(&o);
	if (!strcmp(o.mode, "media") || !strcmp(o.mode, "xcode") || !strcmp(o.mode, "srtp"))
		return run_media(&o);
	if (!strcmp(o.mode, "ngmedia") || !strcmp(o.mode, "ngxcode") || !strcmp(o.mode, "ngsrtp"))
		return run_ngmedia(&o);
	if (!strcmp(o.mode, "tls"))
		return run_tls(&o);
	if (!strcmp(o.mode, "events"))
		return run_events(&o);
	fprintf(stderr, "usage: load register|calls|media|xcode|srtp|ngmedia|ngxcode|ngsrtp|tls|events --target "
			"127.0.0.1:5060 [--users N "
			"--base N --count "
			"N --rate N --seconds N\n"
			"            --password P --host NAME --sha256 --pid PID --uac-port N --uas-port N --ng "
			"127.0.0.1:2223 --pps N --talk MS]\n");
	return 2;
}
