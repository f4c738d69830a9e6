// SPDX-License-Identifier: MIT
#include "tls.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <time.h>

#include "grpc_log.h"
#include "log.h"
#include "text.h"
#include "tls_expiry.h"
#include "util.h"

#define DAY_SECONDS 86400
#define WARN_DAYS 7
#define FILE_MAX_BYTES ((size_t)1 << 20)

enum tls_file {
	TLS_CA,
	TLS_CERT,
	TLS_KEY,
	TLS_FILE_COUNT,
};

struct pems {
	char *text[TLS_FILE_COUNT];
};

struct tls {
	pthread_mutex_t mutex; /* gRPC may ask from any of its threads */
	const char *files[TLS_FILE_COUNT];
	struct pems last;       /* what gRPC was given last */
	bool failing;           /* the last attempt to read failed: told once */
	_Atomic int64_t expiry; /* of our certificate, seconds since 1970; 0: not known */
	int64_t warned;         /* when it was told last that it ends soon */
};

static void wipe(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
}

static void pems_done(struct pems *pems)
{
	for (size_t i = 0; i < TLS_FILE_COUNT; i++)
		wipe(pems->text[i]);
	memset(pems, 0, sizeof(*pems));
}

static int read_all(int fd, char *buf, size_t size, size_t *ret)
{
	size_t used = 0;

	while (used < size) {
		ssize_t length = read(fd, buf + used, size - used);

		if (length < 0 && errno == EINTR)
			continue;
		if (length < 0)
			return -errno;
		if (!length)
			break;
		used += (size_t)length;
	}
	*ret = used;
	return 0;
}

/*
 * Whether it looks like what it should be. gRPC looks closer, but it cannot say which
 * file it did not like.
 */
static int check_label(enum tls_file kind, const char *text)
{
	const char *label = kind == TLS_KEY ? "PRIVATE KEY-----" : "CERTIFICATE-----";

	return strstr(text, "-----BEGIN ") && strstr(text, label) ? 0 : -EBADMSG;
}

static int read_file(const char *path, enum tls_file kind, char **ret)
{
	/* Should the name be that of a pipe or a device, it must not hold us. */
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat about;
	char *text;
	size_t length = 0;
	int error;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &about))
		return -errno;
	if (!S_ISREG(about.st_mode))
		return -EINVAL;
	if ((size_t)about.st_size > FILE_MAX_BYTES)
		return -EFBIG;
	text = malloc((size_t)about.st_size + 2);
	if (!text)
		return -ENOMEM;
	error = read_all(fd, text, (size_t)about.st_size + 1, &length);
	text[error ? 0 : length] = '\0';
	/* A file that is written at this moment is read whole at the next handshake. */
	if (!error && (length > (size_t)about.st_size || strlen(text) != length))
		error = -EBADMSG;
	if (!error)
		error = check_label(kind, text);
	if (error) {
		wipe(text);
		return error;
	}
	*ret = text;
	return 0;
}

static const char *file_cause(int error)
{
	switch (error) {
	case -EINVAL:
		return "not a regular file";
	case -EBADMSG:
		return "not the PEM text that it should be";
	default:
		return strerror(-error);
	}
}

static int read_pems(const struct tls *tls, struct pems *ret, bool quiet)
{
	struct pems pems = { 0 };
	struct text_quote quote;

	for (size_t i = 0; i < TLS_FILE_COUNT; i++) {
		int error = read_file(tls->files[i], (enum tls_file)i, &pems.text[i]);

		if (!error)
			continue;
		if (!quiet)
			log_error("TLS files: '%s' cannot be used: %s",
				  text_quote(&quote, tls->files[i]), file_cause(error));
		pems_done(&pems);
		return -1;
	}
	*ret = pems;
	return 0;
}

static bool same_pems(const struct pems *a, const struct pems *b)
{
	for (size_t i = 0; i < TLS_FILE_COUNT; i++)
		if (!a->text[i] || !b->text[i] || strcmp(a->text[i], b->text[i]) != 0)
			return false;
	return true;
}

static void tell_change(const struct tls *tls)
{
	struct text_quote ca, cert, key;

	log_info("TLS files: '%s', '%s', '%s' have changed: new connections use them",
		 text_quote(&ca, tls->files[TLS_CA]),
		 text_quote(&cert, tls->files[TLS_CERT]),
		 text_quote(&key, tls->files[TLS_KEY]));
	grpc_log_explain_refusal(
		"TLS files: the certificate, its key and the CA do not fit"
		" each other, or one is damaged: new connections go on with"
		" the last good ones");
}

/* With the mutex held. */
static grpc_ssl_certificate_config_reload_status
reload(struct tls *tls, grpc_ssl_server_certificate_config **config)
{
	grpc_ssl_pem_key_cert_pair pair;
	struct pems pems = { 0 };

	grpc_log_explain_refusal(NULL);
	if (read_pems(tls, &pems, tls->failing)) {
		if (!tls->failing)
			log_warning("TLS files: new connections use the last good ones");
		tls->failing = true;
		return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_FAIL;
	}
	tls->failing = false;
	if (same_pems(&pems, &tls->last)) {
		pems_done(&pems);
		return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_UNCHANGED;
	}
	if (tls->last.text[TLS_CA]) {
		tell_change(tls);
		tls->warned = 0;
	}
	pems_done(&tls->last);
	tls->last = pems;
	atomic_store(&tls->expiry, tls_expiry_of(pems.text[TLS_CERT]));
	pair.private_key = pems.text[TLS_KEY];
	pair.cert_chain = pems.text[TLS_CERT];
	*config = grpc_ssl_server_certificate_config_create(pems.text[TLS_CA], &pair, 1);
	return *config ? GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_NEW
		       : GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_FAIL;
}

/* Once a day, for as long as nobody does anything about it. */
static void look_at_expiry(struct tls *tls)
{
	int64_t now = time(NULL), left = tls_expiry(tls) - now;
	struct text_quote quote;

	if (!tls_expiry(tls) || left >= (int64_t)WARN_DAYS * DAY_SECONDS ||
	    now - tls->warned < DAY_SECONDS)
		return;
	tls->warned = now;
	text_quote(&quote, tls->files[TLS_CERT]);
	if (left <= 0)
		log_warning("TLS files: the certificate in '%s' has expired", quote.text);
	else
		log_warning("TLS files: the certificate in '%s' expires in %" PRId64
			    " days and %" PRId64 " hours",
			    quote.text, left / DAY_SECONDS, left % DAY_SECONDS / 3600);
}

static grpc_ssl_certificate_config_reload_status
fetch(void *userdata, grpc_ssl_server_certificate_config **config)
{
	grpc_ssl_certificate_config_reload_status status;
	struct tls *tls = userdata;

	pthread_mutex_lock(&tls->mutex);
	status = reload(tls, config);
	look_at_expiry(tls);
	pthread_mutex_unlock(&tls->mutex);
	return status;
}

int tls_create(struct tls **ret, const char *ca_file, const char *cert_file,
	       const char *key_file)
{
	struct tls *tls = calloc(1, sizeof(*tls));
	struct pems pems;

	if (!tls) {
		log_error("TLS: no memory");
		return -1;
	}
	tls->files[TLS_CA] = ca_file;
	tls->files[TLS_CERT] = cert_file;
	tls->files[TLS_KEY] = key_file;
	if (read_pems(tls, &pems, false)) {
		free(tls);
		return -1;
	}
	atomic_store(&tls->expiry, tls_expiry_of(pems.text[TLS_CERT]));
	pems_done(&pems);
	look_at_expiry(tls);
	pthread_mutex_init(&tls->mutex, NULL);
	*ret = tls;
	return 0;
}

int64_t tls_expiry(const struct tls *tls)
{
	return atomic_load(&tls->expiry);
}

void tls_destroy(struct tls *tls)
{
	if (!tls)
		return;
	pems_done(&tls->last);
	pthread_mutex_destroy(&tls->mutex);
	free(tls);
}

grpc_server_credentials *tls_credentials(struct tls *tls)
{
	grpc_ssl_server_credentials_options *options =
		grpc_ssl_server_credentials_create_options_using_config_fetcher(
			GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY, fetch,
			tls);

	return options ? grpc_ssl_server_credentials_create_with_options(options) : NULL;
}
