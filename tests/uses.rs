//! Functions and the layers that they use: each folder below `tests/cases/uses` has templates,
//! maybe a catalogue, and a `session.txt`, in which every command is followed by what it prints and
//! by its exit code.

mod support;

#[test]
fn every_session_is_what_the_program_answers() {
    support::sessions("tests/cases/uses", 15);
}
