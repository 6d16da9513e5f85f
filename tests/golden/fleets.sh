#!/bin/sh
# The example policies as they are distributed: each file of a fleet, the policy and what it names, is signed with
# ssh-keygen and accepted from its signer alone, for this purpose alone, as it was signed.  Each kind of key signs at
# least one fleet.  That they are right in themselves is policy.sh's, what they do is tests/e2e/test_fleets.py's.
# Prints TAP's short form.  Environment: B
set -u
cd "$(dirname "$0")/../../policy/fleets" || exit 1
command=$(cd ../.. && realpath -m "${B:=build}")/sshtether
LC_ALL=C.UTF-8
export LC_ALL
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
failed=0

# fleet and the key that signs it; a fleet that is not listed is an error.
signers="
ansible-control ecdsa
bastion         certificate
ci-runner       rsa
database        ed25519
git-server      rsa
workstation     ecdsa
"

make_key() { # name, option of ssh-keygen...
	name=$1
	shift
	ssh-keygen -q -N '' -C "$name" -f "$work/$name" "$@"
}

list() { # principals and options, key
	printf '%s ' "$1"
	cut -d' ' -f1,2 "$work/$2.pub"
}

make_key ca -t ed25519
make_key ecdsa -t ecdsa
make_key rsa -t rsa -b 2048
make_key ed25519 -t ed25519
make_key certificate -t ed25519
make_key stranger -t ed25519
ssh-keygen -q -s "$work/ca" -I anna -n policies@example.org -V -1h:+1h "$work/certificate.pub"
{
	list '*@example.org cert-authority,namespaces="sshtether-policy"' ca
	for key in ecdsa rsa ed25519; do
		list 'policies@example.org namespaces="sshtether-policy"' $key
	done
} >"$work/allowed_signers"

# The policy and, by the words in it, the files that it names.
files_of() {
	echo "$1.policy"
	sed -n '/ unsigned$/d; s/^\(table .* file\|include\)[[:space:]]*"\([^"]*\)".*/\2/p' "$1.policy" | while IFS= read -r pattern; do
		# shellcheck disable=SC2086 # a glob
		ls -d $pattern
	done
}

sign() { # key, namespace, file
	identity=$work/$1
	[ "$1" = certificate ] && identity=$identity-cert.pub
	rm -f "$3.sig"
	ssh-keygen -q -Y sign -n "$2" -f "$identity" "$3" 2>"$work/err" || cat "$work/err"
}

# says WORD FILE: prints nothing when that is the answer, good or the name of a refusal.
says() {
	"$command" policy verify-signature --json --allowed-signers "$work/allowed_signers" \
	    --principal policies@example.org "$2" >"$work/out" 2>&1
	grep -qF "\"reason\":\"$1\"" "$work/out" || { echo "wanted $1:"; cat "$work/out"; }
}

good() { says good "$1"; }

changed() { # one byte, in a comment
	printf '#' >>"$1"
	says wrong "$1"
}

for_another_purpose() {
	sign "$key" file "$1"
	says namespace "$1"
}

by_somebody_else() {
	sign stranger sshtether-policy "$1"
	says unlisted "$1"
}

check() { # fleet, key
	for file in $(files_of "$1"); do
		for how in good changed for_another_purpose by_somebody_else; do
			mkdir -p "$work/$how/$(dirname "$file")"
			cp "$file" "$work/$how/$file"
			sign "$2" sshtether-policy "$work/$how/$file"
			$how "$work/$how/$file" >"$work/why"
			[ ! -s "$work/why" ] || { echo "$file, $how:"; cat "$work/why"; }
		done
	done
}

for policy in *.policy; do
	fleet=${policy%.policy}
	key=$(echo "$signers" | sed -n "s/^$fleet  *//p")
	why=$(if [ -n "$key" ]; then check "$fleet" "$key"; else echo "nobody signs it"; fi)
	if [ -z "$why" ]; then
		echo "ok $fleet, signed by ${key}"
	else
		echo "$why"
		echo "not ok $fleet, signed by ${key:-nobody}"
		failed=1
	fi
done
exit $failed
