# Kaplan-Meier medians and shares with log-log intervals. Run in this directory:
#   Rscript durations.R > durations.json
# aml: remission in weeks, maintained chemotherapy or not (Miller 1997, Survival Analysis, p. 49;
# in the R package survival). leuk: remission in weeks with 6-mercaptopurine and placebo (Freireich
# et al. 1963, Blood 21:699-716; printed in Cox and Oakes 1984, Analysis of Survival Data, p. 8).
library(survival)
data <- list(
  aml = list(time = aml$time, end = aml$status),
  maintained = with(subset(aml, x == "Maintained"), list(time = time, end = status)),
  mercaptopurine = list(
    time = c(6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35),
    end = c(1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0)),
  placebo = list(
    time = c(1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23),
    end = rep(1, 21)),
  half = list(time = c(1, 2, 3, 4, 5, 6), end = rep(1, 6)))
write <- function(x) paste0("[", paste(ifelse(is.na(x), "null", format(x, digits = 15)), collapse = ", "), "]")
parts <- sapply(names(data), function(name) {
  each <- data[[name]]
  fit <- survfit(Surv(each$time, each$end) ~ 1, conf.type = "log-log")
  table <- summary(fit)$table
  at <- summary(fit, times = c(3, 10), extend = TRUE)
  sprintf('"%s": {"time": %s, "end": %s, "median": %s, "at_3": %s, "at_10": %s}', name,
    write(each$time), write(each$end), write(unname(table[c("median", "0.95LCL", "0.95UCL")])),
    write(c(at$surv[1], at$lower[1], at$upper[1])), write(c(at$surv[2], at$lower[2], at$upper[2])))
})
cat("{", paste(parts, collapse = ",\n "), "}\n")
