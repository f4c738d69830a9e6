// SPDX-License-Identifier: MIT
#include "tls_expiry.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <time.h>

int64_t tls_expiry_of(const char *pem)
{
	BIO *text = BIO_new_mem_buf(pem, -1);
	X509 *certificate = text ? PEM_read_bio_X509(text, NULL, NULL, NULL) : NULL;
	struct tm end;
	int64_t seconds = 0;

	if (certificate && ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &end))
		seconds = timegm(&end);
	X509_free(certificate);
	BIO_free(text);
	/* gRPC, on the same thread, would take it for a fault of its own. */
	ERR_clear_error();
	return seconds > 0 ? seconds : 0;
}
