// SPDX-License-Identifier: MIT
#include "audit.h"

#include <stdio.h>

#include "log.h"
#include "status.h"
#include "text.h"

/* What is not known is told apart from what is empty by its quotes. */
static const char *quoted(char buf[TEXT_QUOTE_SIZE + 2], const char *value)
{
	struct text_quote quote;

	if (!value)
		return "-";
	snprintf(buf, TEXT_QUOTE_SIZE + 2, "'%s'", text_quote(&quote, value));
	return buf;
}

void audit_write(const struct audit *audit)
{
	char guard[TEXT_QUOTE_SIZE + 2], pod[TEXT_QUOTE_SIZE + 2];

	log_notice("audit: %s guard=%s pod=%s by=%s result=%s", audit->what,
		   quoted(guard, audit->guard), quoted(pod, audit->pod), audit->by,
		   status_name(audit->code));
}
