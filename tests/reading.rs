//! Templates and policies of all kinds, as they are read: each folder below `tests/cases/reading`
//! has files and a `session.txt`, in which every command is followed by what it prints and by its
//! exit code.

mod support;

#[test]
fn every_session_is_what_the_program_answers() {
    support::sessions("tests/cases/reading", 120);
}
