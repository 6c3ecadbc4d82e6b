const ADJECTIVES =
  "agile amber ample apt bold brave bright brisk calm candid civil clever cosy crisp deft eager early easy exact fair fine firm fleet fond frank fresh gentle glad grand happy hardy honest humble jolly keen kind lively loyal lucid mellow merry mild modest neat nimble noble open patient plain polite prime proud quick quiet rapid ready robust royal sage serene sharp sleek smart smooth snug sober solid sound spry stable steady sturdy subtle sunny swift tidy trim trusty vital vivid warm wise witty zesty".split(
    " ",
  );

/** Surnames of people of science and computing. */
const SURNAMES =
  "abel airy alhazen ampere archimedes avogadro babbage backus banach bardeen bell bernoulli bohr boole born brahe brahmagupta cantor carson cauchy cerf clarke curie dalton darwin davies descartes diffie dijkstra dirac doppler edison einstein engelbart eratosthenes euclid euler faraday fermat fermi feynman fibonacci fourier franklin galileo galois gauss germain godel goodall hamilton hamming hawking heisenberg herschel hertz hilbert hooke hopper hubble huygens jacobi johnson joule kay kepler kernighan knuth kolmogorov lagrange lamarr lamport laplace leavitt leibniz liskov lovelace maxwell mayer mccarthy meitner mendel mirzakhani morse napier neumann newton noether nyquist ohm pascal pasteur perlman planck poincare postel ramanujan riemann ritchie rutherford shannon stallman tesla thompson thomson turing volta watt wiles wirth wozniak wright".split(
    " ",
  );

/** `adjective_surname`, after some tries with a digit behind it. */
export function generateName(attempt: number): string {
  const name = `${pick(ADJECTIVES)}_${pick(SURNAMES)}`;
  return attempt < 3 ? name : `${name}${Math.floor(Math.random() * 10 ** Math.min(attempt - 1, 6))}`;
}

const pick = (words: readonly string[]): string => words[Math.floor(Math.random() * words.length)] ?? "";
