/*
 * Preloaded into a load generator that knows no client certificates (wrk,
 * h2load): every SSL_CTX it makes gets the chain and key of the PEM files named
 * by CLIENT_CERT and CLIENT_KEY. A file that cannot be loaded ends the program,
 * so that no run measures refused handshakes.
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

struct ssl_ctx;
extern int SSL_CTX_use_certificate_chain_file(struct ssl_ctx *, const char *);
extern int SSL_CTX_use_PrivateKey_file(struct ssl_ctx *, const char *, int);
enum { PEM_FILE = 1 };

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
