//! One test for every state that a real disk gets into, named after it: the state is made with git alone, the program
//! meets it, and nothing that was there is gone afterwards.

mod creating_branches;
mod creating_inputs;
mod creating_places;
mod creating_repositories;
mod creating_trouble;
mod drift;
mod drift_links;
mod words;
