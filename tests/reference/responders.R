# Reference values of responders by visit for tests/test_models.py. Run in this folder:
#
#     Rscript responders.R
#
# Writes respiratory.csv and responders.json: logit GEE with a mean for each visit, an exchangeable
# working correlation and its moment estimate (gee::gee, as SAS GENMOD), and the covariance of
# Mancl and DeRouen 2001, Biometrics 57:126-134, summed patient by patient.
options(digits = 12, warn = 1, stringsAsFactors = FALSE)
suppressPackageStartupMessages({library(gee); library(geepack); library(jsonlite)})

# geepack: respiratory status (good or poor) of 111 patients at four visits after baseline; every
# seventh row left out, and the last visit of every fifth patient
data(respiratory, package = "geepack")
d <- data.frame(patient = interaction(respiratory$center, respiratory$id, drop = TRUE),
                visit = respiratory$visit, value = respiratory$outcome)
d$patient <- as.integer(d$patient)
d <- d[order(d$patient, d$visit), ]
d <- d[seq_len(nrow(d)) %% 7 != 0, ]
d <- d[!(d$patient %% 5 == 0 & d$visit == 4), ]
write.csv(d, "respiratory.csv", row.names = FALSE, quote = FALSE, eol = "\n")

d$v <- factor(d$visit)
invisible(capture.output(fit <- suppressMessages(gee(
  value ~ 0 + v, id = patient, data = d, family = binomial, corstr = "exchangeable",
  tol = 1e-12, maxiter = 200))))
beta <- coef(fit); alpha <- fit$working.correlation[1, 2]; phi <- fit$scale
x <- model.matrix(~ 0 + v, d); mu <- plogis(as.numeric(x %*% beta))
people <- split(seq_len(nrow(d)), d$patient)
piece <- function(i) {
  a <- mu[i] * (1 - mu[i]); r <- matrix(alpha, length(i), length(i)); diag(r) <- 1
  list(d = x[i, , drop = FALSE] * a, w = solve(phi * outer(sqrt(a), sqrt(a)) * r),
       e = d$value[i] - mu[i])
}
pieces <- lapply(people, piece)
bread <- solve(Reduce(`+`, lapply(pieces, function(p) t(p$d) %*% p$w %*% p$d)))
meat <- function(adjusted) Reduce(`+`, lapply(pieces, function(p) {
  e <- p$e
  if (adjusted) e <- solve(diag(length(e)) - p$d %*% bread %*% t(p$d) %*% p$w, e)
  u <- t(p$d) %*% p$w %*% e
  u %*% t(u)
}))
se <- function(m) sqrt(diag(bread %*% m %*% bread))
plain <- se(meat(FALSE))
stopifnot(max(abs(plain / sqrt(diag(fit$robust.variance)) - 1)) < 1e-6)
write(toJSON(list(
  software = list(R = R.version.string, gee = as.character(packageVersion("gee")),
                  geepack = as.character(packageVersion("geepack"))),
  patients = length(people), rows = nrow(d), alpha = alpha, scale = phi,
  log_odds = as.numeric(beta), se_sandwich = as.numeric(plain),
  se_mancl_derouen = as.numeric(se(meat(TRUE)))
), digits = I(12), auto_unbox = TRUE, pretty = TRUE), "responders.json")
