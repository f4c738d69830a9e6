// SPDX-License-Identifier: MIT
#include "http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static bool parse_port(in_port_t *ret, const char *text)
{
	unsigned long port = 0;
	size_t length = strlen(text);

	if (!length || length > 5 || strspn(text, "0123456789") != length)
		return false;
	port = strtoul(text, NULL, 10);
	if (port > UINT16_MAX)
		return false;
	*ret = htons((uint16_t)port);
	return true;
}

int http_parse_address(union http_address *ret, const char *text)
{
	const char *colon = strrchr(text, ':');
	union http_address address = { 0 };
	bool six = *text == '[';
	char host[INET6_ADDRSTRLEN];
	size_t length;

	if (!colon || (six && (colon == text || colon[-1] != ']')))
		return -EINVAL;
	length = (size_t)(colon - text) - (six ? 2 : 0);
	if (length >= sizeof(host))
		return -EINVAL;
	memcpy(host, text + six, length);
	host[length] = '\0';
	address.any.sa_family = six ? AF_INET6 : AF_INET;
	if (inet_pton(address.any.sa_family, host,
		      six ? (void *)&address.in6.sin6_addr
			  : (void *)&address.in.sin_addr) != 1 ||
	    !parse_port(six ? &address.in6.sin6_port : &address.in.sin_port, colon + 1))
		return -EINVAL;
	*ret = address;
	return 0;
}
