# The static program and nothing else. Build it in the folder of an unpacked release archive for Linux:
#   docker build -t layershare . && docker run --rm -v "$PWD:/work" layershare check shared.layers
FROM scratch
COPY layershare /layershare
WORKDIR /work
ENTRYPOINT ["/layershare"]
