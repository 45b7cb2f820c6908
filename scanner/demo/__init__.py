"""The demo estate, and the extension of moto that it and the tests run on; needs the extra `demo`."""
