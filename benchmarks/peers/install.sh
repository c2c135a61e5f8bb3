#!/bin/sh
# Makes one virtual environment for each peer, .venv-NAME beside this file, from requirements/NAME.txt:
#   benchmarks/peers/install.sh [NAME …]
# Python 3.11 for all but NautilusTrader, whose newest version wants 3.12 or newer; PYTHON and PYTHON_NAUTILUS name others.
cd "$(dirname "$0")" || exit 1
python=${PYTHON:-python3.11}
python_nautilus=${PYTHON_NAUTILUS:-python3.13}
failed=0
for name in ${*:-$(ls requirements | sed 's/\.txt$//')}; do
  program=$python
  if [ "$name" = nautilus ]; then program=$python_nautilus; fi
  echo "$name"
  "$program" -m venv ".venv-$name" &&
    ".venv-$name/bin/pip" install --quiet --disable-pip-version-check -r "requirements/$name.txt" ||
    { echo "$name could not be installed" >&2; failed=1; }
done
exit $failed
