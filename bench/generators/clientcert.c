/*
 * Preloaded into a load generator that knows no client certificates (wrk,
 * h2load): every SSL_CTX it makes gets the chain and key of the PEM files named
 * by CLIENT_CERT and CLIENT_KEY. A file that cannot be loaded ends the program,
 * so that no run measures refused handshakes.
 *
 * With HANDSHAKES=full no session is offered for resumption. Whatever was asked
 * for, at its end the program says on stdout which handshakes it has made.
 *
 *   cc -O2 -shared -fPIC -o clientcert.so clientcert.c -ldl
 *
 * OpenSSL's functions are declared here rather than included: its headers are
 * not needed then, and the program preloaded into brings the library.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct ssl_ctx;
struct ssl;
extern int SSL_CTX_use_certificate_chain_file(struct ssl_ctx *, const char *);
extern int SSL_CTX_use_PrivateKey_file(struct ssl_ctx *, const char *, int);
extern int SSL_in_before(const struct ssl *);
extern int SSL_session_reused(const struct ssl *);
extern int SSL_set_session(struct ssl *, void *);
enum { PEM_FILE = 1 };

static unsigned long full, resumed;

struct ssl_ctx *SSL_CTX_new(const void *method) {
  struct ssl_ctx *(*real)(const void *);
  *(void **)&real = dlsym(RTLD_NEXT, "SSL_CTX_new");
  struct ssl_ctx *context = real ? real(method) : NULL;
  const char *certificate = getenv("CLIENT_CERT");
  const char *key = getenv("CLIENT_KEY");
  if (!context || !certificate || !key ||
      SSL_CTX_use_certificate_chain_file(context, certificate) != 1 ||
      SSL_CTX_use_PrivateKey_file(context, key, PEM_FILE) != 1) {
    fputs("clientcert: cannot load CLIENT_CERT and CLIENT_KEY\n", stderr);
    exit(1);
  }
  return context;
}

/* Called again and again on a socket that does not block, until it is done. */
int SSL_connect(struct ssl *connection) {
  static int (*real)(struct ssl *);
  static int offers_none;
  if (!real) {
    const char *wanted = getenv("HANDSHAKES");
    offers_none = wanted && strcmp(wanted, "full") == 0;
    *(void **)&real = dlsym(RTLD_NEXT, "SSL_connect");
  }
  if (offers_none && SSL_in_before(connection)) SSL_set_session(connection, 0);
  int done = real(connection);
  if (done == 1) *(SSL_session_reused(connection) ? &resumed : &full) += 1;
  return done;
}

__attribute__((destructor)) static void tell(void) {
  printf("handshakes: %lu full, %lu resumed\n", full, resumed);
  fflush(stdout);
}
