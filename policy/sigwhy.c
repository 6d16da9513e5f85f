/* sigwhy: see sigwhy.h. */
#include "policy/sigwhy.h"

static const struct {
	const char *name, *text;
} whys[SIG_WHY_COUNT] = {
	[SIG_GOOD] = {"good", "good"},
	[SIG_TOO_LARGE] = {"too-large", "the signature is larger than any can be"},
	[SIG_ARMOUR] = {"armour", "this is no SSH signature as ssh-keygen -Y sign writes it"},
	[SIG_AFTER_END] = {"after-end", "something follows the end of the signature"},
	[SIG_MALFORMED] = {"malformed", "the signature is damaged"},
	[SIG_VERSION] = {"version", "the signature is of a version that is not known here"},
	[SIG_HASH] = {"hash", "the file was hashed with neither sha256 nor sha512"},
	[SIG_ALGORITHM] = {"algorithm",
	    "the signature algorithm does not go with the key; of RSA only rsa-sha2-256 and rsa-sha2-512 do"},
	[SIG_KEY_TYPE] = {"key-type", "keys of this type are not accepted"},
	[SIG_KEY_MALFORMED] = {"key-malformed", "the signer's public key is damaged"},
	[SIG_KEY_WEAK] = {"key-weak", "an RSA key of less than 2048 bits"},
	[SIG_CERT_MALFORMED] = {"cert-malformed", "the signer's certificate is damaged"},
	[SIG_CERT_KIND] = {"cert-kind", "the signer's certificate is a host's, not a user's"},
	[SIG_CERT_EARLY] = {"cert-early", "the signer's certificate is not valid yet"},
	[SIG_CERT_LATE] = {"cert-late", "the signer's certificate has expired"},
	[SIG_CERT_OPTION] = {"cert-option", "the signer's certificate has a critical option that cannot be kept here"},
	[SIG_CERT_NOBODY] = {"cert-nobody", "the signer's certificate names no principal"},
	[SIG_CERT_CA_KEY] = {"cert-ca-key", "the CA's key is of a kind that is not accepted"},
	[SIG_CERT_FORGED] = {"cert-forged", "the signer's certificate was not signed by the CA that it names"},
	[SIG_UNLISTED] = {"unlisted", "who signed is not among the allowed signers"},
	[SIG_PRINCIPAL] = {"principal", "the signer has not that name"},
	[SIG_LINE_NAMESPACE] = {"line-namespace", "the signer may not sign in this namespace"},
	[SIG_LINE_EARLY] = {"line-early", "the signer is not accepted yet"},
	[SIG_LINE_LATE] = {"line-late", "the signer is no longer accepted"},
	[SIG_NAMESPACE] = {"namespace", "it was signed for another purpose (ssh-keygen -Y sign -n)"},
	[SIG_WRONG] = {"wrong", "the signature is not of this file, or not made with this key"},
	[SIG_NO_TOUCH] = {"no-touch", "nobody touched the security key when it signed"},
	[SIG_NO_VERIFICATION] = {"no-verification", "the security key signed without PIN or fingerprint"},
	[SIG_NO_MEMORY] = {"no-memory", "out of memory"},
};

const char *
sig_why_name(enum sig_why why)
{
	return whys[why].name;
}

const char *
sig_why_text(enum sig_why why)
{
	return whys[why].text;
}
